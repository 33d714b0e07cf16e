import { writeFile } from 'node:fs/promises';
import { makeSelfSigned } from './issue.js';

/** Names that the certificate is for: NAMES=hub.example.org,10.0.0.1 adds some. */
const names = ['localhost', '127.0.0.1', '::1', ...(process.env.NAMES?.split(',').filter(Boolean) ?? [])];
const days = 365;

const { cert, key } = await makeSelfSigned(names, days);
await writeFile('test.key', key, { mode: 0o600 });
await writeFile('test.crt', cert);
console.log(`wrote test.crt and test.key, for ${names.join(', ')}, good for ${days} days`);
console.log('for trials: whoever calls has to be told to trust test.crt');
