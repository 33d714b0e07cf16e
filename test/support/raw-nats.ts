import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeUser } from '@nats-io/jwt';
import { connect, jwtAuthenticator, type NatsConnection, PermissionViolationError } from 'nats';
import type { BusCredentials } from '../../src/bus/authority.js';
import { createUserKey, publicKeyOf } from '../../src/bus/nkeys.js';
import type { TestNats } from './nats.js';

/** A client without our code in between, as an attacker with these credentials would use it. */
export async function rawClient(
  nats: { readonly server: Pick<TestNats['server'], 'url'> },
  { jwt, seed }: BusCredentials,
  inboxPrefix?: string,
): Promise<NatsConnection> {
  return connect({
    servers: nats.server.url,
    authenticator: jwtAuthenticator(jwt, new TextEncoder().encode(seed)),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  });
}

/** Somebody whom the account lets do everything: proves what arrives and what does not. */
export async function omnipotent(
  nats: Pick<TestNats, 'dir'> & { readonly server: Pick<TestNats['server'], 'url'> },
): Promise<NatsConnection> {
  const seedIn = (name: string): Promise<string> => readFile(join(nats.dir, 'keys', name), 'utf8');
  const [account, signing] = await Promise.all([seedIn('account.nk'), seedIn('signing.nk')]);
  const user = createUserKey();
  const jwt = await encodeUser('god', user.publicKey, publicKeyOf(account), {}, { signer: signing.trim() });
  return rawClient(nats, { jwt, seed: user.seed });
}

/** Subscribes to all of `filters`, has `god` publish, and gives back the subjects that came through. */
export async function hearsOf(
  client: NatsConnection,
  filters: readonly string[],
  god: NatsConnection,
  published: readonly string[],
): Promise<{ came: string[]; refused: string[] }> {
  const came: string[] = [];
  const subscriptions = filters.flatMap((filter) =>
    [undefined, 'hubs'].map((queue) =>
      client.subscribe(filter, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error === null) came.push(message.subject);
        },
      }),
    ),
  );
  await client.flush();
  for (const subject of published) god.publish(subject, '{}');
  await god.flush();
  await client.flush();
  const refused: string[] = [];
  for (const subscription of subscriptions) {
    if (!subscription.isClosed()) {
      subscription.unsubscribe();
      continue;
    }
    const error = await subscription.closed;
    assert.ok(error instanceof PermissionViolationError, String(error));
    refused.push(subscription.getSubject());
  }
  return { came, refused };
}
