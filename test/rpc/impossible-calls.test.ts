import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertEmpty, callOf, open, pair, settle, until } from './harness.js';

describe('calls that cannot be', () => {
  it('refuses metadata that no message can hold, with the sizes', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => {
      served.sink.head(['x', 'y'.repeat(40_000)]);
    });
    t.after(close);
    bus.maxMessageBytes = 32 << 10;
    const listener = open(hub, agent, { metadata: ['x', 'y'.repeat(40_000)] });
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.status, 8);
    assert.equal(listener.failure.refused, true);
    assert.match(listener.failure.message, /take 400\d\d bytes, and the bus carries at most 28652/);
    assert.equal(target.calls.length, 0);

    const answered = open(hub, agent);
    await until(() => answered.end !== undefined, 'the call has ended');
    assert.equal(answered.failure.status, 8);
    assert.equal(answered.failure.refused, false);
    assert.equal(target.at(0).cancelled?.status, 8);
    await settle(bus);

    target.script = (served) => served.sink.trailers(['x', 'y'.repeat(40_000)]);
    const ended = open(hub, agent);
    await until(() => ended.end !== undefined, 'the call has ended');
    assert.equal(ended.failure.status, 8);
    assert.match(ended.failure.message, /trailers/);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('refuses where nobody serves, or the server refuses', async (t) => {
    const { bus, hub, agent, close } = await pair({}, (served) =>
      served.sink.reset({ status: 14, message: 'not today', refused: true, remote: true }),
    );
    t.after(close);
    const one = open(hub, agent);
    await until(() => one.end !== undefined, 'the call has ended');
    assert.deepEqual(one.failure, { status: 14, message: 'not today', refused: true, remote: true });
    agent.exchange.serve(undefined);
    const two = open(hub, agent);
    await until(() => two.end !== undefined, 'the call has ended');
    assert.equal(two.failure.status, 14);
    assert.equal(two.failure.refused, true);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('does not call a refusal what comes after a head', async (t) => {
    const { hub, agent, close } = await pair({}, (served) => {
      served.sink.head([]);
      served.sink.reset({ status: 14, message: 'gone', refused: true, remote: true });
    });
    t.after(close);
    const listener = open(hub, agent);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.refused, false);
  });

  it('holds no more calls than the limit, at either end', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ callsPerPeer: 8 }, () => {});
    t.after(close);
    const listeners = Array.from({ length: 8 }, () => open(hub, agent));
    await settle(bus);
    const ninth = open(hub, agent);
    await until(() => ninth.end !== undefined, 'the call has ended');
    assert.equal(ninth.failure.status, 8);
    assert.equal(ninth.failure.refused, true);
    assert.equal(target.calls.length, 8);
    // the callee counts too: its own calls take places
    hub.exchange.serve(target);
    callOf(listeners[0] ?? ninth).cancel({ status: 1, message: '', refused: false, remote: true });
    const own = open(agent, hub);
    await until(() => own.end !== undefined, 'the call has ended');
    assert.equal(own.failure.status, 8);
  });

  it('ends a call alone when its target or its sink throws', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    const good = open(hub, agent);
    await settle(bus);
    target.at(0).onWrite = undefined;
    target.script = (served) => {
      served.onWrite = () => {
        throw new Error('target is broken');
      };
    };
    const bad = open(hub, agent);
    await settle(bus);
    callOf(bad).write(Buffer.from('x'));
    await until(() => bad.end !== undefined, 'the bad call has ended');
    assert.equal(bad.failure.status, 13);
    agent.exchange.serve({
      open: () => {
        throw new Error('target cannot open');
      },
    });
    const worse = open(hub, agent);
    await until(() => worse.end !== undefined, 'the worse call has ended');
    assert.equal(worse.failure.status, 13);
    callOf(good).write(Buffer.from('still here'));
    callOf(good).end();
    await until(() => good.end !== undefined, 'the good call has ended');
    assert.equal(good.text, 'still here');
    assertEmpty(hub, agent);
  });
});
