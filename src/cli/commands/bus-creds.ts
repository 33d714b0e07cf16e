import { loadOrCreateAuthority } from '../../bus/authority.js';
import { inboxPrefixOf } from '../../bus/permissions.js';
import type { Invocation } from '../invocation.js';
import { mustHaveKeys } from '../must-have-keys.js';
import { ttlSecondsOf } from '../ttl.js';
import { dataDirectoryOf } from '../with-hub.js';

/** `postern bus creds`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const keys = await mustHaveKeys(dataDirectoryOf(invocation));
  const authority = await loadOrCreateAuthority(keys);
  const role = options.text('role') === 'tracer' ? 'tracer' : 'watcher';
  const ttlSeconds = ttlSecondsOf(options);
  const name = options.text('name') ?? role;
  const { jwt, seed, identity } = await authority.newUser({ role, name, ttlSeconds });
  streams.stdout.write(credentialsFile(jwt, seed));
  streams.stderr.write(`with the nats tool, add: --inbox-prefix ${inboxPrefixOf(identity)}\n`);
  return 0;
}

/** The form that NATS clients read. */
function credentialsFile(jwt: string, seed: string): string {
  const part = (name: string, body: string): string =>
    `-----BEGIN ${name}-----\n${body}\n------END ${name}------\n`;
  return `${part('NATS USER JWT', jwt)}\n${part('USER NKEY SEED', seed)}`;
}
