import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { stores } from '../../src/bus/subjects.js';
import { startTestNats, type TestNats } from '../support/nats.js';
import { omnipotent } from '../support/raw-nats.js';
import { startTestHub } from './test-hub.js';

let nats: TestNats;
before(async () => {
  nats = await startTestNats();
});
after(() => nats.stop());

/** What the bucket of ended sessions would have the server promise. */
const { bucket, maxBytes } = stores.accountEnds;
const foreign = { issuer: 'others', audience: 'postern', nodes: [], jwks: 'https://127.0.0.1:9/jwks.json' };

test('a hub that takes no tokens of others needs no room for their sessions, and one that does says that there is none', async () => {
  await (await startTestHub(nats)).stop();
  const god = await omnipotent(nats);
  try {
    const manager = await jetstreamManager(god, { checkAPI: false });
    const takes = async (bytes: number) => {
      try {
        await manager.streams.add({ name: 'PROBE', subjects: ['probe'], max_bytes: bytes });
        return true;
      } catch (thrown) {
        assert.match(String(thrown), /insufficient storage/);
        return false;
      }
    };
    // Others have all that the server may promise, but for less than the bucket takes.
    let promised = 0;
    for (let step = 2 ** 40; step >= maxBytes / 2; step /= 2) {
      if (!(await takes(promised + step))) continue;
      promised += step;
      await manager.streams.delete('PROBE');
    }
    assert.ok(promised > 0 && (await takes(promised)));
    const streams = await manager.streams.names().next();
    assert.ok(!streams.includes(`KV_${bucket}`), 'it was made for nobody');

    await (await startTestHub(nats)).stop();
    await assert.rejects(startTestHub(nats, { issuers: [foreign] }), (thrown: unknown) => {
      assert.match(String(thrown), /insufficient storage/);
      return true;
    });
    await manager.streams.delete('PROBE');
    await (await startTestHub(nats, { issuers: [foreign] })).stop();
  } finally {
    await god.close();
  }
});
