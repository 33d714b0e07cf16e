import { join, resolve } from 'node:path';
import { loadOrCreateAuthority } from '../../bus/authority.js';
import { writeServerConfig } from '../../bus/server-config.js';
import type { Invocation } from '../invocation.js';
import { keysIn } from '../keys-directory.js';
import { makeDataDirectory } from '../make-data-directory.js';
import { hostAndPort } from '../setting-schemas.js';
import { dataDirectoryOf } from '../with-hub.js';

/** `postern init`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const listen = hostAndPort('nats-listen', options.text('nats-listen') ?? '127.0.0.1:4222');
  const data = await makeDataDirectory(dataDirectoryOf(invocation));
  const authority = await loadOrCreateAuthority(keysIn(data));
  const storeDirectory = resolve(options.text('store') ?? join(data, 'jetstream'));
  const file = await writeServerConfig(data, authority, { listen, storeDirectory });
  streams.stdout.write(`${file}\n`);
  streams.stderr.write(`start NATS with it: nats-server -c ${file}\n`);
  streams.stderr.write(`then a hub: postern hub --data ${data} --nats nats://${listen}\n`);
  return 0;
}
