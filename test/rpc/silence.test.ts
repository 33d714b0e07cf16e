import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertEmpty, open, pair, settle, until } from './harness.js';

const limits = { silentMs: 1_500, syncEveryMs: 150 };

describe('a peer that is gone without a word', { concurrency: true }, () => {
  it('takes its calls with it, at the end that serves and at the end that calls', async (t) => {
    const { bus, hub, agent, target, close } = await pair(limits, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    bus.lose = () => true;
    await until(() => target.at(0).cancelled !== undefined, 'the server was told');
    assert.equal(target.at(0).cancelled?.status, 14);
    await until(() => listener.end !== undefined, 'the client was told');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
    assertEmpty(hub, agent);
  });

  it('is told from one that has nothing to say', async (t) => {
    const { bus, hub, agent, target, close } = await pair(limits, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    const syncs = () => bus.kinds(agent.self).filter((kind) => kind === 'sync').length;
    await until(() => syncs() >= 15, 'more time has passed than a silent peer is given');
    assert.equal(listener.end, undefined);
    assert.equal(target.at(0).cancelled, undefined);
  });

  it('is not blamed for our own lost link', async (t) => {
    const { bus, hub, agent, target, close } = await pair(limits, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    agent.exchange.disconnected();
    hub.exchange.disconnected();
    bus.lose = () => true;
    await new Promise((resolve) => setTimeout(resolve, 2 * limits.silentMs));
    bus.lose = () => false;
    agent.exchange.resync();
    hub.exchange.resync();
    await settle(bus);
    target.at(0).sink.trailers(['grpc-status', '0']);
    await settle(bus);
    assert.deepEqual(listener.status, ['grpc-status', '0']);
  });
});
