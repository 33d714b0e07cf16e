import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallReset } from '../../src/rpc/call.js';
import { frameKind } from '../../src/rpc/frame.js';
import {
  assertEmpty,
  callOf,
  echo,
  type Listener,
  open,
  pair,
  type Served,
  settle,
  until,
} from './harness.js';

const window = 256 << 10;
const cancelled: CallReset = { status: 1, message: 'enough', refused: false, remote: true };

/** Writes until the call says stop, at most `most` bytes. */
function writeUntilStopped(listener: Listener, most: number): number {
  let written = 0;
  while (written < most) {
    written += 16_384;
    if (!callOf(listener).write(Buffer.alloc(16_384, 1))) break;
  }
  return written;
}

describe('credit of a call', () => {
  it('stops a writer at the source when the target stops, and lets it go on', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, (served) => {
      served.sink.head([]);
    });
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    const served = target.at(0);
    served.ready = false;
    const written = writeUntilStopped(listener, 10 << 20);
    await settle(bus);
    assert.ok(written <= window + 16_384, `${written} bytes were taken`);
    assert.equal(served.bytes, 64 << 10, 'after one frame and its stop the target gets nothing more');
    const held = agent.exchange.stats().bytesBuffered;
    assert.ok(held <= window, `${held} bytes are held at the agent`);
    assert.equal(listener.drains, 0);

    served.ready = true;
    served.sink.drain();
    await until(() => listener.drains === 1, 'the writer may go on');
    callOf(listener).write(Buffer.from('last'));
    callOf(listener).end();
    await until(() => served.ended, 'the request has ended');
    assert.equal(served.bytes, written + 4);
    served.sink.trailers(['grpc-status', '0']);
    await until(() => listener.end !== undefined, 'the call has ended');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('stops a server whose client does not read, holding one window there and what the server had sent', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, {}, false);
    await settle(bus);
    const served = target.at(0);
    served.sink.head([]);
    // A server that keeps 128 KiB on the way until it is given back.
    let sent = 0;
    const total = 4 << 20;
    const produce = (): void => {
      while (sent < total && sent - served.given < 128 << 10) {
        sent += 32 << 10;
        served.sink.data(Buffer.alloc(32 << 10, 7));
      }
    };
    const producing = setInterval(produce, 1);
    t.after(() => clearInterval(producing));
    await until(() => listener.bytes === window, 'one window has come');
    await settle(bus);
    produce();
    await settle(bus);
    assert.equal(listener.bytes, window);
    assert.ok(agent.exchange.stats().bytesBuffered <= 128 << 10);
    assert.ok(sent <= window + (128 << 10), `the server has sent ${sent}`);

    let consumed = 0;
    const reading = setInterval(() => {
      callOf(listener).consumed(listener.bytes - consumed);
      consumed = listener.bytes;
    }, 1);
    t.after(() => clearInterval(reading));
    await until(() => listener.bytes === total, 'all has come');
    served.sink.trailers([]);
    await until(() => listener.end !== undefined, 'the call has ended');
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('sends trailers only after the data that wait for credit', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent, {}, false);
    await settle(bus);
    const { sink } = target.at(0);
    sink.head([]);
    sink.data(Buffer.alloc(window + 100, 7));
    sink.trailers(['grpc-status', '0']);
    await settle(bus);
    assert.equal(listener.end, undefined);
    assert.equal(listener.bytes, window);
    callOf(listener).consumed(window);
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.bytes, window + 100);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('needs no credit for the end', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    target.at(0).ready = false;
    callOf(listener).write(Buffer.alloc(window));
    callOf(listener).end();
    await settle(bus);
    target.at(0).ready = true;
    target.at(0).sink.drain();
    await settle(bus);
    assert.equal(target.at(0).ended, true);
    assert.equal(target.at(0).bytes, window);
  });

  it('gives up a call whose producer does not stop', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ pendingBytes: 1 << 20 }, () => {});
    t.after(close);
    const listener = open(hub, agent, {}, false);
    await settle(bus);
    target.at(0).sink.head([]);
    for (let i = 0; i < 100; i++) target.at(0).sink.data(Buffer.alloc(64 << 10));
    await until(() => listener.end !== undefined, 'the call has ended');
    assert.equal(listener.failure.status, 8);
    assert.equal(target.at(0).cancelled?.status, 8);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('gives credit at half a window, not for every frame, and doubles the window with it', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const listener = open(hub, agent);
    for (let i = 0; i < 64; i++) {
      callOf(listener).write(Buffer.alloc(8192));
      await settle(bus);
    }
    const credits = bus.messages
      .filter((message) => message.from === agent.self)
      .flatMap((message) => message.frames)
      .filter((frame) => frame.kind === frameKind.credit);
    assert.deepEqual(
      credits.filter((frame) => frame.id !== 0).map((frame) => frame.offset),
      [window / 2 + 2 * window, (3 * window) / 2 + 4 * window],
    );
    assert.equal(credits.length, 4, "the peer's credit comes with it");
  });
});

describe('credit of a peer', () => {
  // Room for four windows in all.
  const limits = { peerWindowBytes: 4 * window };

  /** Calls that take a window each and are not read. */
  async function stalled(count: number): Promise<Awaited<ReturnType<typeof pair>> & { slow: Listener[] }> {
    const made = await pair(limits, (served) => {
      served.ready = false;
    });
    const slow = Array.from({ length: count }, () => open(made.hub, made.agent));
    await settle(made.bus);
    for (const listener of slow) callOf(listener).write(Buffer.alloc(window, 1));
    await settle(made.bus);
    return { ...made, slow };
  }

  it('bounds what all calls together have on the way, and keeps a part for small calls', async (t) => {
    const { bus, hub, agent, target, close, slow } = await stalled(10);
    t.after(close);
    const taken = target.calls.reduce((sum, served) => sum + served.bytes, 0);
    const held = agent.exchange.stats().bytesBuffered + taken;
    assert.ok(held <= 4 * window, `${held} bytes came`);
    assert.ok(held >= 3 * window, `${held} bytes came`);
    // A small call passes all the same.
    target.script = echo;
    const small = open(hub, agent);
    callOf(small).write(Buffer.from('small'));
    callOf(small).end();
    await until(() => small.end !== undefined, 'the small call has ended');
    assert.equal(small.text, 'small');

    for (const served of target.calls) {
      served.ready = true;
      served.sink.drain();
    }
    await until(() => target.calls.slice(0, 10).every((served) => served.bytes === window), 'all has come');
    for (const listener of slow) callOf(listener).cancel(cancelled);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it('shares the credit in turn, a chunk each', async (t) => {
    const { bus, hub, agent, target, close, slow } = await stalled(8);
    t.after(close);
    const before = target.calls.map((served) => served.bytes);
    bus.clear();
    // Ending one call gives back what it held: the others that wait get it in turn.
    const full = target.calls.findIndex((served) => served.bytes > 0);
    assert.ok(full >= 0 && before.length === 8);
    callOf(slow[0] ?? open(hub, agent)).cancel(cancelled);
    callOf(slow[1] ?? open(hub, agent)).cancel(cancelled);
    await until(
      () => bus.messages.some((m) => m.from === hub.self && m.frames.some((f) => f.kind === frameKind.data)),
      'others go on',
    );
    await settle(bus);
    const order = bus.messages
      .filter((message) => message.from === hub.self)
      .flatMap((message) => message.frames)
      .filter((frame) => frame.kind === frameKind.data)
      .map((frame) => frame.id);
    const waiting = new Set(order).size;
    assert.ok(waiting >= 3, `${waiting} calls got credit`);
    assert.equal(new Set(order.slice(0, waiting)).size, waiting, `in turn: ${order}`);
  });

  it('does not leak through calls that end early', async (t) => {
    const { bus, hub, agent, target, close } = await pair(limits, (served) => {
      served.ready = false;
    });
    t.after(close);
    bus.keep = false;
    for (let round = 0; round < 40; round++) {
      const listener = open(hub, agent);
      await settle(bus);
      callOf(listener).write(Buffer.alloc(window / 2));
      await settle(bus);
      // By turns the caller cancels, the server fails, and the server answers early.
      if (round % 3 === 0) callOf(listener).cancel(cancelled);
      else if (round % 3 === 1) target.at(round).sink.reset(cancelled);
      else target.at(round).sink.trailers([]);
      await settle(bus);
    }
    assertEmpty(hub, agent);
    target.script = echo;
    const after = open(hub, agent);
    const bytes = 2 << 20;
    callOf(after).write(Buffer.alloc(bytes));
    callOf(after).end();
    await until(() => after.end !== undefined, 'the last call has ended');
    assert.equal(after.bytes, bytes);
  });

  it('keeps a server within the window of the peer too', async (t) => {
    const { bus, hub, agent, target, close } = await pair(limits, (served: Served) => {
      served.sink.head([]);
      served.sink.data(Buffer.alloc(window + 1));
    });
    t.after(close);
    const listeners = Array.from({ length: 10 }, () => open(hub, agent, {}, false));
    await settle(bus);
    const came = (): number => listeners.reduce((sum, one) => sum + one.bytes, 0);
    assert.ok(came() <= 4 * window, `${came()} bytes came`);
    const consumed = listeners.map(() => 0);
    for (let round = 0; round < 20 && came() < 10 * (window + 1); round++) {
      for (const [i, listener] of listeners.entries()) {
        callOf(listener).consumed(listener.bytes - (consumed[i] ?? 0));
        consumed[i] = listener.bytes;
      }
      await settle(bus);
    }
    assert.equal(came(), 10 * (window + 1));
    for (const served of target.calls) served.sink.trailers([]);
    await settle(bus);
    assertEmpty(hub, agent);
  });
});
