import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stores } from '../../src/bus/subjects.js';
import type { CallTarget } from '../../src/rpc/call.js';
import { refuseCall } from '../../src/rpc/refused-call.js';
import { startTestNats, testLog, until } from '../support/nats.js';
import { bindKey, StandIn } from './stand-in.js';
import { credentialsIn, enrol, startTestHub } from './test-hub.js';

const quarterMs = 90 * 86_400_000;
const target: CallTarget = {
  open: (_head, sink) =>
    refuseCall(sink, { status: 12, message: 'none', refused: true, remote: false }, testLog),
};

describe('a node that was away for 90 days', () => {
  it('comes back by its key alone: neither its credentials nor its join token are good any more', async () => {
    const nats = await startTestNats();
    const first = await startTestHub(nats);
    const bound = await bindKey(first, 'cellar');
    await first.stop();

    const bus = await nats.hub();
    const nodes = await bus.store(stores.nodes);
    const node = (await nodes.get('cellar')) ?? assert.fail();
    const [joined = assert.fail()] = node.value.keys;
    const longAgo = Date.now() - quarterMs;
    const past = { ...node.value, createdAtMs: longAgo, lastSeenAtMs: longAgo };
    await nodes.update('cellar', { ...past, keys: [{ ...joined, boundAtMs: longAgo }] }, node.revision);
    const tokens = await bus.store(stores.tokens);
    const token = (await tokens.get(joined.token)) ?? assert.fail();
    const old = { ...token.value, createdAtMs: longAgo, expiresAtMs: longAgo + 3_600_000 };
    await tokens.update(joined.token, old, token.revision);
    await bus.close();

    const hub = await startTestHub(nats);
    const store = await hub.bus.store(stores.tokens);
    await until('its token is swept', async () => (await store.get(joined.token)) === undefined);
    const { jwt } = credentialsIn(await enrol(hub.address, 'cellar', bound.key));
    const agent = await StandIn.start(nats, { ...bound, jwt }, target);
    assert.equal((await agent.hello()).ok, true);
    await agent.bus.close();
    await hub.stop();
    await nats.stop();
  });
});
