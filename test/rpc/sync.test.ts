import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { frameKind } from '../../src/rpc/frame.js';
import {
  assertEmpty,
  callOf,
  echo,
  type MemoryBus,
  open,
  pair,
  type SeenFrame,
  type Served,
  settle,
  until,
} from './harness.js';

const window = 256 << 10;
const cancelled: CallReset = { status: 1, message: 'enough', refused: false, remote: true };

/** Loses messages that hold such a frame, `times` times. */
function loseFrames(bus: MemoryBus, which: (frame: SeenFrame) => boolean, times = 1): void {
  let left = times;
  bus.lose = (message) => left > 0 && message.frames.some(which) && left-- > 0;
}

const isKind = (kind: number) => (frame: SeenFrame) => frame.kind === kind;

/** Answers each piece with itself, and the end with trailers. */
function echoPieces(served: Served): void {
  served.sink.head([]);
  served.onWrite = (chunk) => served.sink.data(Buffer.from(chunk));
  served.onEnd = () => served.sink.trailers(['grpc-status', '0']);
}

describe('calls go on after a reconnect', () => {
  it('where nothing was lost', async (t) => {
    const { bus, hub, agent, close } = await pair({}, echoPieces);
    t.after(close);
    const listeners = [open(hub, agent), open(hub, agent)];
    await settle(bus);
    for (const [i, listener] of listeners.entries()) callOf(listener).write(Buffer.from(`before ${i}, `));
    await settle(bus);
    for (const member of [hub, agent]) {
      member.exchange.disconnected();
      member.exchange.resync();
      await settle(bus);
    }
    for (const [i, listener] of listeners.entries()) {
      callOf(listener).write(Buffer.from('after'));
      callOf(listener).end();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.deepEqual(listener.status, ['grpc-status', '0']);
      assert.equal(listener.text, `before ${i}, after`);
    }
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('with what was written meanwhile', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    hub.exchange.disconnected();
    assert.equal(callOf(listener).write(Buffer.from('held')), false, 'the writer is told to stop');
    callOf(listener).end();
    await settle(bus);
    assert.equal(target.at(0).text, '');
    hub.port.connected = true;
    hub.exchange.resync();
    await until(() => target.at(0).ended, 'the request has ended');
    assert.equal(target.at(0).text, 'held');

    agent.port.connected = false;
    agent.exchange.disconnected();
    target.at(0).sink.data(Buffer.from('also held'));
    target.at(0).sink.trailers(['grpc-status', '0']);
    await settle(bus);
    assert.equal(listener.end, undefined);
    agent.port.connected = true;
    agent.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.text, 'also held');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('with ends that wait for no credit', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listeners = [open(hub, agent), open(hub, agent), open(hub, agent)];
    await settle(bus);
    agent.port.connected = false;
    agent.exchange.disconnected();
    target.at(0).sink.trailers(['grpc-status', '0']);
    target.at(1).sink.head(['a', 'b']);
    await settle(bus);
    agent.port.connected = true;
    agent.exchange.resync();
    await settle(bus);
    assert.deepEqual(listeners[0]?.status, ['grpc-status', '0']);
    assert.deepEqual(listeners[1]?.heads, [['a', 'b']]);
    hub.port.connected = false;
    hub.exchange.disconnected();
    callOf(listeners[2] ?? open(hub, agent)).end();
    await settle(bus);
    hub.port.connected = true;
    hub.exchange.resync();
    await settle(bus);
    assert.equal(target.at(2).ended, true);
  });

  it('also where the port knew before its owner, and nobody called', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    callOf(listener).write(Buffer.from('held'));
    await settle(bus);
    hub.port.connected = true;
    await until(() => target.at(0).text === 'held', 'the bytes have come');
  });

  it('in any number that may be open', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => served.sink.head([]));
    t.after(close);
    bus.maxMessageBytes = 16 << 10;
    const listeners = Array.from({ length: 400 }, () => open(hub, agent));
    await settle(bus);
    const alive = listeners.filter((listener) => listener.end === undefined);
    assert.equal(alive.length, 306, 'as many as one SYNC can tell of');
    bus.clear();
    hub.exchange.resync();
    agent.exchange.resync();
    await settle(bus);
    assert.equal(alive.filter((listener) => listener.end !== undefined).length, 0);
    assert.equal(target.calls.filter((served) => served.cancelled !== undefined).length, 0);
    const syncs = bus.messages.flatMap((message) => message.frames).filter(isKind(frameKind.sync));
    assert.equal(syncs.length, 4);
  });
});

describe('without a link', () => {
  it('refuses new calls at once', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    hub.exchange.disconnected();
    const listener = open(hub, agent);
    await settle(bus);
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    hub.exchange.resync();
    const next = open(hub, agent);
    callOf(next).end();
    await until(() => next.end !== undefined, 'the call has ended');
    assert.deepEqual(next.status, ['grpc-status', '0']);
  });

  it('gives open calls up after a while, and the other end hears of it later', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ disconnectedMs: 80 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.port.connected = false;
    hub.exchange.disconnected();
    const begun = performance.now();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.ok(performance.now() - begun >= 60);
    assert.equal(listener.failure.status, 14);
    assert.equal(listener.failure.refused, false);
    hub.port.connected = true;
    hub.exchange.resync();
    await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
    assertEmpty(hub, agent);
  });

  it('does not take the silence for that of the callee', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptTimeoutMs: 300, acceptAfterMs: 1e6 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.exchange.disconnected();
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(listener.end, undefined);
    bus.lose = (message) => message.from === agent.self;
    const begun = performance.now();
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the callee was silent with the link up');
    assert.ok(performance.now() - begun >= 280, 'the time counts from the reconnect');
  });

  it('believes a SYNC that knows the call', async (t) => {
    const { bus, hub, agent, close } = await pair({ acceptTimeoutMs: 100, acceptAfterMs: 1e6 }, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    hub.exchange.resync();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(listener.end, undefined);
  });
});

describe('what was lost ends its call at both ends after a reconnect', () => {
  it('OPEN: the server never saw it', async (t) => {
    const { bus, hub, agent, target, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    callOf(listener).write(Buffer.from('x'));
    await settle(bus);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    assert.equal(target.calls.length, 0);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('OPEN, and its bytes come all the same', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    await settle(bus);
    callOf(listener).write(Buffer.from('x'));
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, true]);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('OPEN, but a later one has come: nothing is certain', async (t) => {
    const { bus, hub, agent, close } = await pair({}, () => {});
    t.after(close);
    loseFrames(bus, isKind(frameKind.open));
    const listener = open(hub, agent);
    await settle(bus);
    open(hub, agent);
    await settle(bus);
    hub.exchange.resync();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.refused, false);
  });

  for (const who of ['the caller', 'the callee'] as const) {
    it(`TRAILERS, when ${who} was away`, async (t) => {
      const { bus, hub, agent, close } = await pair();
      t.after(close);
      loseFrames(bus, isKind(frameKind.trailers));
      const listener = open(hub, agent);
      callOf(listener).end();
      await settle(bus);
      assert.equal(listener.end, undefined);
      (who === 'the caller' ? hub : agent).exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  for (const [name, kind] of [
    ['HEAD', frameKind.head],
    ['DATA', frameKind.data],
  ] as const) {
    it(`${name} of the response`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, () => {});
      t.after(close);
      const listener = open(hub, agent);
      await settle(bus);
      const { sink } = target.at(0);
      if (kind === frameKind.data) sink.head([]);
      await settle(bus);
      loseFrames(bus, isKind(kind));
      if (kind === frameKind.data) sink.data(Buffer.from('lost'));
      else sink.head([]);
      await settle(bus);
      agent.exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.equal(listener.failure.status, 14);
      await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  for (const name of ['the last DATA', 'the end'] as const) {
    it(`${name} of the request`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, () => {});
      t.after(close);
      const listener = open(hub, agent);
      callOf(listener).write(Buffer.from('comes'));
      await settle(bus);
      loseFrames(bus, isKind(frameKind.data));
      if (name === 'the end') callOf(listener).end();
      else callOf(listener).write(Buffer.from('lost'));
      await settle(bus);
      hub.exchange.resync();
      await until(() => listener.end !== undefined, 'the call has ended');
      assert.equal(listener.failure.status, 14);
      await until(() => target.at(0).cancelled !== undefined, 'the target was cancelled');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  it('TRAILERS, by what the callee alone says', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    loseFrames(bus, isKind(frameKind.trailers));
    const listener = open(hub, agent);
    callOf(listener).end();
    await settle(bus);
    bus.lose = (message) => message.from === hub.self;
    agent.exchange.resync();
    await settle(bus);
    assert.deepEqual([listener.failure.status, listener.failure.refused], [14, false]);
  });

  it('the cancellation, by what the caller alone says', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.reset));
    callOf(listener).cancel(cancelled);
    await settle(bus);
    bus.lose = (message) => message.from === agent.self;
    hub.exchange.resync();
    await settle(bus);
    assert.equal(target.at(0).cancelled?.status, 14);
  });

  it('and not a call that is on its way', async (t) => {
    const { hub, agent, target, close } = await pair();
    t.after(close);
    // Both leave in the same turn: neither knows of the other.
    const listener = open(hub, agent);
    agent.exchange.resync();
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.deepEqual(listener.status, ['grpc-status', '0']);
    assert.equal(target.calls.length, 1);
  });

  it('and only its call', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, echoPieces);
    t.after(close);
    const good = open(hub, agent);
    const bad = open(hub, agent);
    await settle(bus);
    loseFrames(bus, isKind(frameKind.data));
    callOf(bad).write(Buffer.from('lost'));
    await settle(bus);
    agent.exchange.resync();
    await settle(bus);
    hub.exchange.resync();
    await until(() => bad.end !== undefined, 'the bad call has ended');
    assert.equal(target.at(1).cancelled?.status, 14);
    callOf(good).write(Buffer.from('fine'));
    callOf(good).end();
    await until(() => good.end !== undefined, 'the good call has ended');
    assert.equal(good.text, 'fine');
  });
});

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
