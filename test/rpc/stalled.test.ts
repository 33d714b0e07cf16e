import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultLimits } from '../../src/rpc/limits.js';
import { assertEmpty, callOf, echo, type Listener, open, pair, settle, until } from './harness.js';
import type { Member } from './memory-bus.js';

const stalledCalls = 2_000;
const { callWindowBytes: window, peerWindowBytes, callShareBytes } = defaultLimits;
/** No SYNC mends a grant that was not given. */
const limits = { stalledMs: 3_600_000, syncEveryMs: 3_600_000 };
const cancelled = { status: 1, message: '', refused: false, remote: true };
/** What one call may hold at most, shared by all that keep it. */
const windowful = Buffer.alloc(window, 1);
const megabyte = Buffer.alloc(1 << 20, 2);

type Stage = Awaited<ReturnType<typeof pair>> & { readers: Listener[]; writers: Listener[] };

/** Calls whose callers do not read, and calls whose servers do not, with as much on the way as they get. */
async function stalled(readers: number, writers: number): Promise<Stage> {
  const made = await pair(limits, (served) => {
    if (served.head.metadata[1] === 'writer') {
      served.ready = false;
      return;
    }
    served.sink.head([]);
    served.sink.data(windowful);
  });
  const { bus, hub, agent } = made;
  bus.keep = false;
  const openAll = async (count: number, kind: string): Promise<Listener[]> => {
    const opened: Listener[] = [];
    // in small groups, one after the other: the first ones could take everything
    while (opened.length < count) {
      const group = Array.from({ length: Math.min(50, count - opened.length) }, () =>
        open(hub, agent, { metadata: ['kind', kind] }, false),
      );
      await settle(bus);
      if (kind === 'writer') for (const listener of group) callOf(listener).write(windowful);
      await settle(bus);
      opened.push(...group);
    }
    return opened;
  };
  const opened = {
    readers: await openAll(readers, 'reader'),
    writers: await openAll(writers, 'writer'),
  };
  made.target.script = echo;
  return { ...made, ...opened };
}

/** A call that is answered with what it sends, as a busy writer and reader. */
async function roundTrip(hub: Member, agent: Member, body: Buffer): Promise<void> {
  const listener = open(hub, agent);
  callOf(listener).write(body);
  callOf(listener).end();
  await until(() => listener.end !== undefined, `a call of ${body.length} bytes has ended`);
  assert.deepEqual(listener.status, ['grpc-status', '0']);
  assert.equal(listener.bytes, body.length);
}

describe(`${stalledCalls} calls that nobody reads, each way`, () => {
  it('do not stop other calls, large or small', async (t) => {
    const { bus, hub, agent, close, readers, writers } = await stalled(stalledCalls, stalledCalls);
    t.after(close);
    await Promise.all(Array.from({ length: 100 }, () => roundTrip(hub, agent, Buffer.from('small'))));
    // more at the same time than the credit that is kept for such calls
    await Promise.all(Array.from({ length: 600 }, () => roundTrip(hub, agent, megabyte.subarray(0, 65_536))));
    await Promise.all(Array.from({ length: 8 }, () => roundTrip(hub, agent, megabyte)));
    assert.ok([...readers, ...writers].every((call) => call.end === undefined));
    for (const call of [...readers, ...writers]) callOf(call).cancel(cancelled);
    await settle(bus);
    assertEmpty(hub, agent);
  });

  it("hold one window of the peer and a small share of each call's own, no more", async (t) => {
    const { agent, target, close, readers } = await stalled(stalledCalls, stalledCalls);
    t.after(close);
    const most = peerWindowBytes + stalledCalls * callShareBytes;
    const came = readers.reduce((sum, reader) => sum + reader.bytes, 0);
    assert.ok(came <= most, `${came} bytes came for callers that do not read`);
    const passed = target.calls.reduce((sum, served) => sum + served.bytes, 0);
    // what the agent holds for servers; what waits there for callers is theirs
    const waiting = readers.reduce((sum, reader) => sum + window - reader.bytes, 0);
    const held = agent.exchange.stats().bytesBuffered - waiting + passed;
    assert.ok(held <= most, `${held} bytes came for servers that do not read`);
    assert.ok(
      readers.every((reader) => reader.bytes >= callShareBytes),
      'each has its share',
    );
  });

  it('go on when they are read at last', async (t) => {
    const { bus, hub, agent, target, close, readers, writers } = await stalled(300, 300);
    t.after(close);
    const given = readers.map(() => 0);
    await until(() => {
      for (const [i, reader] of readers.entries()) {
        callOf(reader).consumed(reader.bytes - (given[i] ?? 0));
        given[i] = reader.bytes;
      }
      return readers.every((reader) => reader.bytes === window);
    }, 'all that waited for the callers has come');
    const taken = target.calls.filter((served) => served.head.metadata[1] === 'writer');
    for (const served of taken) {
      served.ready = true;
      served.sink.drain();
    }
    await until(() => taken.every((served) => served.bytes === window), 'the servers have got all');
    for (const call of [...readers, ...writers]) callOf(call).cancel(cancelled);
    await settle(bus);
    assertEmpty(hub, agent);
  });
});

describe('a call that was busy before others stalled', () => {
  it('goes on within one look at what is due', async (t) => {
    const { bus, hub, agent, target, close } = await stalled(0, 0);
    t.after(close);
    target.script = (served) => {
      served.sink.head([]);
      if (served.head.metadata[1] !== 'busy') served.sink.data(windowful);
    };
    const busy = open(hub, agent, { metadata: ['kind', 'busy'] });
    await settle(bus);
    const { sink } = target.at(0);
    // read, and not enough of it to be given back yet
    sink.data(windowful.subarray(0, window / 2 - 1));
    await until(() => busy.bytes === window / 2 - 1, 'the first part was read');
    for (let i = 0; i < 300; i++) open(hub, agent, {}, false);
    await settle(bus);
    sink.data(megabyte);
    await until(() => busy.bytes === window / 2 - 1 + megabyte.length, 'the second part was read');
  });
});
