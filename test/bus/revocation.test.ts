import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BusStatus } from '../../src/bus/bus.js';
import { revokeOnServers } from '../../src/bus/revocation.js';
import { freePort } from '../../src/bus/server-process.js';
import { stores, subjects } from '../../src/bus/subjects.js';
import { natsServers, startTestNats, type TestNats, until } from '../support/nats.js';
import { rawClient } from '../support/raw-nats.js';

const servers = await natsServers();

describe('keys that are revoked', () => {
  for (const binary of servers) {
    describe(`on nats-server ${binary.version}`, () => {
      let nats: TestNats;
      before(async () => {
        nats = await startTestNats(binary);
      });
      after(() => nats.stop());
      const revoke = (revoked: ReadonlyMap<string, number>) =>
        revokeOnServers({ authority: nats.authority, servers: [nats.server.url], revoked });

      it('lose their connection at once, and nobody else does', async () => {
        const bad = await nats.credentials('agent', 'bad');
        const good = await nats.credentials('agent', 'good');
        const [hub, cut, stays] = await Promise.all([
          nats.hub(),
          nats.connect(bad.identity, bad.credentials),
          nats.connect(good.identity, good.credentials),
        ]);
        const told: BusStatus[] = [];
        cut.onStatus((status) => told.push(status));
        const others: BusStatus[] = [];
        for (const bus of [hub, stays]) bus.onStatus((status) => others.push(status));
        const store = await hub.store(stores.tokens);

        await revoke(new Map([[bad.identity.publicKey, Date.now()]]));
        await until('it is cut', () => told.length > 0);
        assert.match(JSON.stringify(told[0]), /Revoked/);
        await assert.rejects(
          nats.connect(bad.identity, bad.credentials, { firstConnect: 'fail' }),
          (error: { code?: string }) => error.code === 'BUS_REFUSED',
        );
        assert.equal(await store.get('none'), undefined);
        const heard: string[] = [];
        hub.subscribe(subjects.bye, {}, ({ params }) => heard.push(params.node));
        await until('the hub listens', async () => {
          stays.publish(
            subjects.bye,
            { node: 'good', key: good.identity.publicKey },
            { instance: '1-a', reason: 'stopped' },
          );
          return heard.includes('good');
        });
        assert.deepEqual(others, []);
      });

      it('hold up nobody who asks JetStream meanwhile', async () => {
        const hub = await nats.hub();
        const store = await hub.store(stores.tokens);
        let over = false;
        const failures: unknown[] = [];
        const asking = Array.from({ length: 16 }, async () => {
          while (!over) await store.get('none').catch((thrown: unknown) => failures.push(thrown));
        });
        // Each takes the imports of the account away for a moment, which some request meets.
        for (let i = 0; i < 150; i++) await revoke(new Map());
        over = true;
        await Promise.all(asking);
        assert.deepEqual(failures, []);
      });

      it('are told of by somebody who may say nothing else, for a minute', async () => {
        const { credentials, inboxPrefix, account } = await nats.authority.revocation(new Map());
        const order = await rawClient(nats, credentials, inboxPrefix);
        for (const subject of [
          '$SYS.REQ.SERVER.PING',
          '$SYS.REQ.CLAIMS.DELETE',
          `$SYS.REQ.ACCOUNT.${account}.CONNZ`,
          'postern.hub.beat.h',
        ]) {
          await assert.rejects(
            order.request(subject, '', { timeout: 10_000 }),
            /Permissions Violation/i,
            subject,
          );
        }
        const [, claims = ''] = credentials.jwt.split('.');
        const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { exp: number };
        assert.ok(exp * 1000 - Date.now() <= 62_000);
        await order.close();
      });

      it('are let in again when they are told no more', async () => {
        const { identity, credentials } = await nats.credentials('agent', 'forgiven');
        await revoke(new Map([[identity.publicKey, Date.now()]]));
        await assert.rejects(nats.connect(identity, credentials));
        await revoke(new Map());
        const bus = await nats.connect(identity, credentials);
        assert.ok(bus.connected);
      });
    });
  }

  it('stay as they are where the server is another one or none at all, which is told in time', async () => {
    const [ours, foreign] = await Promise.all([startTestNats(), startTestNats()]);
    const tell = (url: string) =>
      revokeOnServers({ authority: ours.authority, servers: [url], revoked: new Map(), timeoutMs: 1_000 });
    const failed = { code: 'REVOCATION_FAILED' };
    await assert.rejects(tell(foreign.server.url), failed);
    await assert.rejects(tell(`nats://127.0.0.1:${await freePort('127.0.0.1')}`), failed);
    await Promise.all([ours.stop(), foreign.stop()]);
  });
});
