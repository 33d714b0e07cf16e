import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { assertEmpty, callOf, open, pair, settle, turn, until } from './harness.js';

const cancelled: CallReset = { status: 1, message: 'changed my mind', refused: false, remote: true };

describe('deadlines', () => {
  it('ends the call at both ends, each by its own timer', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 60 });
    await settle(bus);
    assert.equal(target.at(0).head.timeoutMs, 60);
    // What the caller says when its time is over does not arrive.
    bus.lose = () => true;
    const begun = performance.now();
    await until(() => listener.end !== undefined, 'the caller has given up');
    assert.ok(performance.now() - begun < 10_000);
    assert.equal(listener.failure.status, 4);
    assert.equal(listener.failure.refused, false);
    await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
    assert.equal(target.at(0).cancelled?.status, 4);
    assertEmpty(hub, agent);
  });

  it('tells the callee at once where only the caller holds the time', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 40 });
    await until(() => listener.end !== undefined, 'the caller has given up');
    await settle(bus);
    assert.equal(target.at(0).cancelled?.status, 4);
    assertEmpty(hub, agent);
  });

  it('passes a remaining time of a fraction on as one millisecond, and a very long one as it is', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const long = open(hub, agent, { timeoutMs: 2 ** 31 + 5000 });
    await settle(bus);
    assert.equal(target.at(0).head.timeoutMs, 2 ** 31 + 5000);
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 4));
    assert.equal(long.end, undefined, 'it did not fire at once');
    open(hub, agent, { timeoutMs: 0.2 });
    await until(() => target.calls.length === 2, 'the second call has come');
    assert.equal(target.at(1).head.timeoutMs, 1);
  });

  it('lets a call that ended in time be', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const listener = open(hub, agent, { timeoutMs: 1_000 });
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    assert.equal(listener.ends, 1);
    assert.equal(target.at(0).cancelled, undefined);
    await settle(bus);
    assertEmpty(hub, agent);
  });
});

describe('cancellation', () => {
  it('reaches the server in the same turn', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    bus.clear();
    callOf(listener).cancel(cancelled);
    await turn();
    assert.deepEqual(bus.kinds(hub.self), ['reset'], 'the frame has left');
    await settle(bus);
    assert.deepEqual(target.at(0).cancelled, cancelled);
    assert.equal(listener.end, undefined, 'the sink hears no more');
    assertEmpty(hub, agent);
  });

  it('reaches the client', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    target.at(0).sink.head([]);
    target.at(0).sink.reset({ status: 13, message: 'crashed: 100 %', refused: false, remote: true });
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.failure, {
      status: 13,
      message: 'crashed: 100 %',
      refused: false,
      remote: true,
    });
    assert.equal(target.at(0).cancelled, undefined, 'the target that ended it is not told');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('may come before the call has left', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    callOf(listener).cancel(cancelled);
    await settle(bus);
    assert.equal(listener.end, undefined);
    assertEmpty(hub, agent);
    const refused = open(hub, { name: 'node', instance: 'gone' });
    hub.exchange.disconnected();
    const never = open(hub, agent);
    callOf(never).cancel(cancelled);
    await settle(bus);
    assert.equal(never.end, undefined, 'a refusal that was cancelled is not told');
    callOf(refused).cancel(cancelled);
  });

  it('keeps a status within 1 to 16 and a text within bounds', async (t) => {
    const { hub, agent, target, close } = await pair({}, (served) =>
      served.sink.reset({ status: 99, message: 'x'.repeat(100_000), refused: false, remote: true }),
    );
    t.after(close);
    const listener = open(hub, agent);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(target.calls.length, 1);
    assert.equal(listener.failure.status, 2);
    assert.equal(listener.failure.message.length, 2048);
  });
});

describe('callees that say nothing', () => {
  it('say ACCEPT after a while, once', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptAfterMs: 40 }, () => {});
    t.after(close);
    open(hub, agent);
    await until(() => bus.kinds(agent.self).includes('accept'), 'ACCEPT was sent');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(bus.kinds(agent.self), ['accept']);
  });

  it('do not say it when they have said something', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptAfterMs: 500 }, (served) => served.sink.head([]));
    t.after(close);
    open(hub, agent);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(bus.kinds(agent.self), ['head']);
  });

  it('are given up when not even that comes', async (t) => {
    const { bus, hub, agent, target, close } = await pair(
      { acceptTimeoutMs: 1_000, acceptAfterMs: 40 },
      () => {},
    );
    t.after(close);
    const accepted = open(hub, agent);
    await until(() => bus.kinds(agent.self).includes('accept'), 'ACCEPT was sent');
    bus.lose = (message) => message.from === agent.self;
    const begun = performance.now();
    const unheard = open(hub, agent);
    await until(() => unheard.end !== undefined, 'the call has ended');
    assert.ok(performance.now() - begun >= 1_000);
    assert.equal(unheard.failure.status, 14);
    assert.equal(unheard.failure.refused, false, 'the server may have seen it');
    await until(() => target.at(1).cancelled !== undefined, 'the callee was told');
    assert.equal(accepted.end, undefined);
  });
});
