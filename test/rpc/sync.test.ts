import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, echo, open, pair, settle, until } from './harness.js';
import { echoPieces, isKind, loseFrames } from './losses.js';

const window = 256 << 10;
const cancelled: CallReset = { status: 1, message: 'enough', refused: false, remote: true };

describe('what was lost is noticed without a reconnect', () => {
  it('a gap, at once', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.data));
    callOf(listener).write(Buffer.from('lost'));
    await settle(bus);
    callOf(listener).write(Buffer.from('next'));
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(
      [listener.failure.status, listener.failure.message],
      [14, 'messages were lost on the bus'],
    );
    assert.equal(target.at(0).text, '');
    assert.equal(target.at(0).cancelled?.status, 14);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('data or a head before the trailers', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    for (const kind of [frameKind.data, frameKind.head]) {
      const listener = open(hub, agent);
      await settle(bus);
      const { sink } = target.calls.at(-1) ?? target.at(0);
      loseFrames(bus, isKind(kind));
      sink.head([]);
      if (kind === frameKind.data) {
        await settle(bus);
        sink.data(Buffer.from('lost'));
      }
      await settle(bus);
      sink.trailers(['grpc-status', '0']);
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.equal(listener.failure.status, 14);
    }
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('a grant of credit, by a SYNC when the call has stalled', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ stalledMs: 60 }, (served) => {
      served.onEnd = () => served.sink.trailers(['grpc-status', '0']);
    });
    t.after(close);
    bus.lose = ({ frames }) =>
      frames.some(isKind(frameKind.credit)) && !frames.some(isKind(frameKind.trailers));
    const listener = open(hub, agent);
    callOf(listener).write(Buffer.alloc(3 * window, 5));
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    assert.equal(target.at(0).bytes, 3 * window);
    assertEmpty(hub, agent);
  });

  it('a grant of credit of the server, too', async (t) => {
    const { bus, hub, agent, close } = await pair({ stalledMs: 60 }, (served) => {
      served.sink.head([]);
      served.sink.data(Buffer.alloc(3 * window, 5));
      served.sink.trailers(['grpc-status', '0']);
    });
    t.after(close);
    loseFrames(bus, isKind(frameKind.credit), 1000);
    const listener = open(hub, agent);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.bytes, 3 * window);
    assertEmpty(hub, agent);
  });

  it('the cancellation by the caller, and the end by the callee, by the regular SYNC', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ syncEveryMs: 60 }, () => {});
    t.after(close);
    loseFrames(bus, isKind(frameKind.reset));
    const first = open(hub, agent);
    await settle(bus);
    callOf(first).cancel(cancelled);
    await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
    loseFrames(bus, isKind(frameKind.reset));
    const second = open(hub, agent);
    await settle(bus);
    target.at(1).sink.reset(cancelled);
    await until(() => second.end !== undefined, 'the call has ended');
    assert.deepEqual([second.failure.status, second.failure.refused], [14, false]);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('asks again when the SYNC after a reconnect is lost', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ answerMs: 60 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.data));
    callOf(listener).write(Buffer.from('lost'));
    await settle(bus);
    loseFrames(bus, isKind(frameKind.sync), 2);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(target.at(0).cancelled?.status, 14);
  });
});

describe('the credit of a peer', () => {
  it('does not leak with what is lost', async (t) => {
    const { bus, hub, agent, target, close } = await pair(
      { peerWindowBytes: 4 * window, syncEveryMs: 1e6 },
      (served) => served.sink.head([]),
    );
    t.after(close);
    for (let round = 0; round < 12; round++) {
      const listener = open(hub, agent);
      await settle(bus);
      // Both directions lose most of a window.
      loseFrames(bus, (frame) => frame.kind === frameKind.data, 1000);
      callOf(listener).write(Buffer.alloc(window - 1));
      target.at(round).sink.data(Buffer.alloc(window - 1));
      await settle(bus);
      bus.lose = () => false;
      hub.exchange.resync();
      await settle(bus);
      assert.equal(listener.failure.status, 14, `round ${round}`);
    }
    assertEmpty(hub, agent);
    target.script = echo;
    const last = open(hub, agent);
    callOf(last).write(Buffer.alloc(8 * window));
    callOf(last).end();
    await until(() => last.end !== undefined, 'the last call has ended');
    assert.equal(last.bytes, 8 * window);
  });

  it('is the same at both ends after one of them has begun anew', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ peerWindowBytes: 4 * window, syncEveryMs: 1e6 });
    t.after(close);
    bus.keep = false;
    for (let round = 0; round < 24; round++) {
      const listener = open(hub, agent);
      callOf(listener).write(Buffer.alloc(window / 2, round));
      callOf(listener).end();
      await until(() => listener.end !== undefined, `call ${round} has ended`);
      assert.equal(listener.bytes, window / 2, `round ${round}`);
      await settle(bus);
      // First the hub, then the agent forgets the other, who does not hear of it.
      if (round < 12) hub.exchange.forget(agent.self, 'for a test');
      else agent.exchange.forget(hub.self, 'for a test');
    }
    assert.equal(target.calls.length, 24);
    assertEmpty(hub, agent);
  });
});

describe('a peer that has begun anew', () => {
  it('is granted no more than one window', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ peerWindowBytes: 4 * window }, echo);
    t.after(close);
    const before = open(hub, agent);
    callOf(before).write(Buffer.alloc(6 * window));
    callOf(before).end();
    await until(() => before.end !== undefined, 'the first call has ended');
    hub.exchange.forget(agent.self, 'for a test');
    await settle(bus);
    target.calls.length = 0;
    target.script = (served) => {
      served.ready = false;
    };
    const calls = Array.from({ length: 12 }, () => open(hub, agent));
    await settle(bus);
    for (const call of calls) callOf(call).write(Buffer.alloc(window));
    await settle(bus);
    const came = (): number =>
      agent.exchange.stats().bytesBuffered + target.calls.reduce((sum, served) => sum + served.bytes, 0);
    assert.ok(came() <= 4 * window);
    // Calls go on and pass a window each on; so much may come anew, and no more.
    for (let passed = 1; passed <= 6; passed++) {
      const served = target.at(passed - 1);
      served.ready = true;
      served.sink.drain();
      await settle(bus);
      assert.ok(
        came() <= (passed + 4) * window,
        `${came() / window} windows have come, ${passed} were passed on`,
      );
    }
    assert.ok(came() > 6 * window, 'some has come');
  });
});

describe('a process that was forgotten', () => {
  it('ends its old calls when it is met again, and none is mistaken for a new one', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, echoPieces);
    t.after(close);
    const old = open(hub, agent);
    await settle(bus);
    bus.lose = () => true;
    hub.exchange.forget(agent.self, 'lost');
    await settle(bus);
    bus.lose = () => false;
    assert.equal(old.failure.status, 14);
    assert.equal(target.at(0).cancelled, undefined);
    const fresh = open(hub, agent);
    target.at(0).sink.data(Buffer.from('stale'));
    await settle(bus);
    assert.equal(target.at(0).cancelled?.status, 14);
    callOf(fresh).write(Buffer.from('fresh'));
    callOf(fresh).end();
    await until(() => fresh.end !== undefined, 'the call has ended');
    assert.equal(fresh.text, 'fresh');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('tells of calls that are not known any more', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    bus.lose = () => true;
    agent.exchange.forget(hub.self, 'lost');
    await settle(bus);
    bus.lose = () => false;
    assert.equal(target.at(0).cancelled?.status, 14);
    assert.equal(listener.end, undefined);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
    assert.equal(agent.exchange.stats().peers, 0, 'nothing is kept for it');
  });
});
