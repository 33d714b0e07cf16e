import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { credentials, Metadata } from '@grpc/grpc-js';
import { loadOrCreateAuthority } from '../../../src/bus/authority.js';
import { connectBus } from '../../../src/bus/connect.js';
import { createUserKey } from '../../../src/bus/nkeys.js';
import type { BusIdentity } from '../../../src/bus/permissions.js';
import { stores } from '../../../src/bus/subjects.js';
import { AccountAuthenticationServiceClient } from '../../../src/gen/account_auth_service/account_auth_service.js';
import { AccountsClient } from '../../../src/gen/postern/v1/accounts.js';
import { Fleet } from '../../support/fleet.js';
import { freePort } from '../../support/free-port.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';
import { call, shows } from './public-port.js';

const email = 'ada@example.org';

/** Passes connections on to a port, and loses what is answered while it is told to. */
class LossyWay {
  losing = false;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => {
    const server = connect(this.#to, '127.0.0.1');
    client.pipe(server);
    server.on('data', (bytes) => this.losing || client.write(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  });
  readonly #to: number;

  constructor(to: number) {
    this.#to = to;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

test('a session goes on whose process was killed after it had renewed it and before it answered', async () => {
  const fleet = await Fleet.make();
  const [real, shown] = [await freePort(), await freePort()];
  const file = path.join(fleet.dir, 'accounts.yaml');
  await writeFile(
    file,
    `listen: {rest: [], auth: ['127.0.0.1:${real}'], storage: [], rooms: []}
mail: {by: nobody, codesInAnswersForTests: true}
`,
  );
  const way = new LossyWay(real);
  const insecure = credentials.createInsecure();
  const auth = new AccountAuthenticationServiceClient(`127.0.0.1:${shown}`, insecure);
  const own = new AccountsClient(`127.0.0.1:${shown}`, insecure);
  const up = await fleet.up();
  const authority = await loadOrCreateAuthority(path.join(fleet.dir, 'hub/keys'));
  const { publicKey, seed } = createUserKey();
  const identity: BusIdentity = { role: 'accounts', publicKey };
  const jwt = await authority.mint({ identity, name: 'test', ttlSeconds: 3_600 });
  const bus = await connectBus({
    ...{ servers: [String(up.ready.nats)], identity, credentials: () => ({ jwt, seed }), name: 'test' },
    ...{ log: testLog, firstConnect: 'fail' as const },
  });
  try {
    await way.listen(shown);
    const accounts = await fleet.start(['accounts', 'serve', '--config', file]);
    const nothing = new Metadata();
    const begun = await call(auth, auth.userRegisterRequest, { email }, nothing);
    const code = begun.theVerifyCodeTheUserNeedToSendBack;
    const { session: first } = await call(own, own.confirm, { email, code }, nothing);
    const refreshToken = first?.refreshToken ?? '';

    way.losing = true;
    const lost = call(own, own.refresh, { refreshToken }, nothing).then(
      () => 'answered',
      () => 'lost',
    );
    const sessions = await bus.store(stores.accountSessions);
    const id = /^prt_([^.]+)/.exec(refreshToken)?.[1] ?? '';
    await eventually('it is renewed', async () => (await sessions.get(id))?.value.generation === 1);
    accounts.signal('SIGKILL');
    await accounts.exited;
    assert.equal(await lost, 'lost');

    way.losing = false;
    await fleet.start(['accounts', 'serve', '--config', file]);
    const again = () => call(own, own.refresh, { refreshToken }, nothing).catch(() => undefined);
    const { session: next } = await eventually('it goes on', again, { timeoutMs: 30_000 });
    assert.equal((await sessions.get(id))?.value.generation, 1, 'with what nobody had got');
    const third = await call(own, own.refresh, { refreshToken: next?.refreshToken ?? '' }, nothing);
    assert.equal((await call(own, own.whoAmI, {}, shows(third.session?.jwt ?? ''))).email, email);
  } finally {
    for (const client of [auth, own]) client.close();
    way.close();
    await bus.close();
    await fleet.stop();
  }
});
