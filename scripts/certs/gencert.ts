import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { errorText } from '../../src/errors.js';
import { replacePrivateFile } from '../../src/private-file.js';
import { makeSelfSigned } from './issue.js';

const days = 365;
/** A host name, `*.` before it allowed (RFC 6125); the last label is no number, since that would be an address. */
const hostName =
  /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Names that the certificate is for: NAMES=hub.example.org,10.0.0.1 adds some. */
const added = (process.env.NAMES ?? '').split(',').map((name) => name.trim());
const names = ['localhost', '127.0.0.1', '::1', ...added.filter((name) => name !== '')];
const wrong = names.filter((name) => isIP(name) === 0 && !hostName.test(name));

if (wrong.length > 0) {
  console.error(`gencert: ${JSON.stringify(wrong[0])} is neither a host name nor an address`);
  console.error('separate names by commas: make gencert NAMES=hub.example.org,10.0.0.1');
  process.exitCode = 1;
} else {
  const { cert, key } = await makeSelfSigned(names, days);
  try {
    await writeFile('test.crt', cert);
    await replacePrivateFile('test.key', key);
    console.log(`wrote test.crt and test.key, for ${names.join(', ')}, good for ${days} days`);
    console.log('for trials: whoever calls has to be told to trust test.crt');
  } catch (thrown) {
    console.error(`gencert: cannot write test.crt and test.key here: ${errorText(thrown)}`);
    process.exitCode = 1;
  }
}
