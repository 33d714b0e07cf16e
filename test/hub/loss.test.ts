import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/bus/embedded-server.js';
import { createUserKey } from '../../src/bus/nkeys.js';
import { stores } from '../../src/bus/subjects.js';
import { NodeRegistry } from '../../src/hub/registry.js';
import { TokenRegistry } from '../../src/hub/tokens.js';
import { natsServer, startTestNats, testLog, until } from '../support/nats.js';

describe('a NATS server that has lost all its files', () => {
  it('is given back what the hubs remember', async () => {
    const nats = await startTestNats();
    let again: EmbeddedServer | undefined;
    const stops: (() => void)[] = [];
    try {
      const raise = async () => {
        const bus = await nats.hub();
        const nodes = new NodeRegistry(await bus.store(stores.nodes));
        const tokens = new TokenRegistry(await bus.store(stores.tokens));
        stops.push(
          () => nodes.stop(),
          () => tokens.stop(),
        );
        await Promise.all([nodes.ready, tokens.ready]);
        return { nodes, tokens };
      };
      const hubs = [await raise(), await raise()] as const;
      const key = createUserKey().publicKey;
      const other = createUserKey().publicKey;
      await hubs[0].nodes.bindKey('cellar', key, 't', 5);
      await hubs[0].nodes.bindKey('cellar', other, 't', 6);
      const nowMs = Date.now();
      const order = { subject: 'c', createdBy: 'test', nowMs, lifeMs: 60_000 };
      const { id } = await hubs[0].tokens.createCaller(order);
      await hubs[0].tokens.revoke(id, nowMs);
      await until('both know', () => hubs[1].tokens.isRevoked(id));
      const told: string[] = [];
      hubs[1].nodes.onChange((name, entry) => told.push(`${name} ${entry?.keys.length}`));

      await nats.server.stop();
      await rm(join(nats.dir, 'nats', 'jetstream'), { recursive: true });
      const { path: binary } = await natsServer();
      again = await startEmbeddedServer({
        dir: nats.dir,
        binary,
        authority: nats.authority,
        log: testLog,
      });
      // Until the key is back, nobody is told that it is unknown.
      await until('the key is known again', () =>
        hubs[1].nodes.tokenOfKey('cellar', key).then(
          (token) => token !== undefined,
          (thrown) => {
            assert.equal(thrown.code, 'STORE_UNAVAILABLE');
            return false;
          },
        ),
      );
      assert.ok(hubs[1].tokens.isRevoked(id));
      const third = await raise();
      await until('the token is back', () => third.tokens.isRevoked(id));
      assert.equal(third.nodes.get('cellar')?.keys.length, 2);

      // Revisions count anew, and every hub goes on with the new ones.
      await third.nodes.bindKey('cellar', createUserKey().publicKey, 't', 7);
      await until('all follow', () => hubs.every(({ nodes }) => nodes.get('cellar')?.keys.length === 3));
      assert.ok(!told.includes('cellar undefined'), 'the node never seemed to be gone');
    } finally {
      for (const stop of stops) stop();
      await again?.stop();
      await nats.stop();
    }
  });
});
