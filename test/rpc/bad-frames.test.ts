import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Head, Open, Reset, Sync, Trailers } from '../../src/gen/postern/bus/v1/frame.js';
import { frameFlag, frameKind, headerBytes, writeHeader } from '../../src/rpc/frame.js';
import {
  anyHead,
  assertEmpty,
  callOf,
  echo,
  type Listener,
  type Member,
  MemoryBus,
  open,
  pair,
  type SeenFrame,
  settle,
  TestTarget,
  until,
} from './harness.js';

const { fromCaller, end } = frameFlag;

function frame(
  kind: number,
  flags: number,
  id: number,
  offset = 0,
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.alloc(headerBytes + body.length);
  writeHeader(bytes, 0, kind, flags, id, offset, body.length);
  bytes.set(body, headerBytes);
  return bytes;
}

const openBody = Open.encode(Open.fromPartial({ path: '/a.B/C', window: 1000 })).finish();
const headBody = Head.encode({ metadata: [] }).finish();
const trailersBody = Trailers.encode({ metadata: ['grpc-status', '0'] }).finish();
const junk = Buffer.from([0xff, 0xff, 0xff]);
const name = (text: string): Uint8Array => Head.encode({ metadata: [text, 'x'] }).finish();
const value = (text: string): Uint8Array => Head.encode({ metadata: ['x', text] }).finish();

/** Id of the last call that a hub opened. */
function lastId(bus: MemoryBus, member: Member): number {
  const opens = bus.messages
    .filter((message) => message.from === member.self)
    .flatMap((message) => message.frames)
    .filter((one: SeenFrame) => one.kind === frameKind.open);
  return opens.at(-1)?.id ?? 0;
}

describe('a frame that does not fit its sender', () => {
  const atCallee: readonly [string, (id: number) => Buffer][] = [
    ['an OPEN of a call that is open', (id) => frame(frameKind.open, fromCaller, id, 0, openBody)],
    ['a HEAD of the caller', (id) => frame(frameKind.head, fromCaller, id, 0, headBody)],
    ['TRAILERS of the caller', (id) => frame(frameKind.trailers, fromCaller, id, 0, trailersBody)],
    ['an ACCEPT of the caller', (id) => frame(frameKind.accept, fromCaller, id)],
    ['DATA that came before', (id) => frame(frameKind.data, fromCaller, id, 1, Buffer.from('x'))],
    ['DATA after the end', (id) => frame(frameKind.data, fromCaller | end, id, 5, Buffer.from('x'))],
    ['more DATA than was granted', (id) => frame(frameKind.data, fromCaller, id, 5, Buffer.alloc(300 << 10))],
    ['a kind that does not exist', (id) => frame(77, fromCaller, id)],
    ['flags that do not exist', (id) => frame(frameKind.data, fromCaller | 0x40, id, 5)],
    [
      'an offset beyond 2^53',
      (id) => {
        const bytes = frame(frameKind.data, fromCaller, id, 5, Buffer.from('x'));
        bytes.writeUInt32BE(2 ** 21, 8);
        return bytes;
      },
    ],
    [
      'reserved bits',
      (id) => {
        const bytes = frame(frameKind.data, fromCaller, id, 5, Buffer.from('x'));
        bytes[2] = 1;
        return bytes;
      },
    ],
    ['a RESET that does not decode', (id) => frame(frameKind.reset, fromCaller, id, 0, junk)],
  ];
  for (const [what, make] of atCallee) {
    it(`${what} ends that call alone, at both ends`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, () => {});
      t.after(close);
      const good = open(hub, agent);
      const bad = open(hub, agent);
      for (const listener of [good, bad]) callOf(listener).write(Buffer.from('12345'));
      if (what === 'DATA after the end') callOf(bad).end();
      await settle(bus);
      const id = lastId(bus, hub);
      agent.exchange.receive(hub.self, make(id));
      await until(() => bad.end !== undefined || what.startsWith('a RESET'), 'the bad call has ended');
      if (!what.startsWith('a RESET')) assert.equal(bad.failure.status, 13);
      assert.equal(target.at(1).cancelled?.status, 13);
      assert.equal(agent.exchange.stats().framesBad, 1);
      callOf(good).write(Buffer.from('67'));
      await settle(bus);
      assert.equal(target.at(0).text, '1234567');
      target.at(0).sink.trailers([]);
      await until(() => good.end !== undefined, 'the good call has ended');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  const atCaller: readonly [string, (id: number) => Buffer][] = [
    ['an OPEN that denies to be of the caller', (id) => frame(frameKind.open, 0, id, 0, openBody)],
    ['a second HEAD', (id) => frame(frameKind.head, 0, id, 0, headBody)],
    ['a HEAD that does not decode', (id) => frame(frameKind.head, 0, id, 0, junk)],
    ['an upper-case name', (id) => frame(frameKind.head, 0, id, 0, name('X-Upper'))],
    ['a pseudo-header', (id) => frame(frameKind.head, 0, id, 0, name(':status'))],
    ['an empty name', (id) => frame(frameKind.head, 0, id, 0, name(''))],
    ['a value with a line break', (id) => frame(frameKind.head, 0, id, 0, value('a\r\nb: c'))],
    ['a value with a NUL', (id) => frame(frameKind.head, 0, id, 0, value('\0'))],
    ['a value beyond latin-1', (id) => frame(frameKind.head, 0, id, 0, value('\u0100'))],
    [
      'a name without a value',
      (id) => frame(frameKind.head, 0, id, 0, Head.encode({ metadata: ['x'] }).finish()),
    ],
    ['a half-close of the callee', (id) => frame(frameKind.data, end, id, 3)],
    [
      'TRAILERS before all that came',
      (id) => frame(frameKind.trailers, frameFlag.headed, id, 2, trailersBody),
    ],
    ['TRAILERS that deny the HEAD', (id) => frame(frameKind.trailers, 0, id, 3, trailersBody)],
    ['more DATA than was granted', (id) => frame(frameKind.data, 0, id, 3, Buffer.alloc(300 << 10))],
    ['TRAILERS that do not decode', (id) => frame(frameKind.trailers, frameFlag.headed, id, 3, junk)],
  ];
  for (const [what, make] of atCaller) {
    it(`${what} ends that call alone, at both ends, as seen by the caller`, async (t) => {
      const { bus, hub, agent, target, close } = await pair({}, (served) => {
        served.sink.head([]);
        served.sink.data(Buffer.from('123'));
      });
      t.after(close);
      const good = open(hub, agent);
      const bad = open(hub, agent);
      await until(() => good.bytes === 3 && bad.bytes === 3, 'both have begun');
      hub.exchange.receive(agent.self, make(lastId(bus, hub)));
      assert.equal(bad.failure.status, 13);
      await until(() => target.at(1).cancelled !== undefined, 'the target was cancelled');
      assert.equal(hub.exchange.stats().framesBad, 1);
      target.at(0).sink.trailers([]);
      await until(() => good.end !== undefined, 'the good call has ended');
      await settle(bus);
      assertEmpty(hub, agent);
    });
  }

  it('an OPEN that does not decode is refused, and takes no place', async (t) => {
    const { bus, agent, close } = await pair();
    t.after(close);
    const stranger = { name: 'hub', instance: 'h2' };
    const bad = [junk, Open.encode(Open.fromPartial({ path: 'no-slash' })).finish(), Buffer.alloc(0)];
    for (const [i, body] of bad.entries()) {
      agent.exchange.receive(stranger, frame(frameKind.open, fromCaller, i + 1, 0, body));
    }
    await settle(bus);
    const answers = bus.messages.flatMap((message) => message.frames);
    assert.deepEqual(
      answers.map((one) => [one.kind, one.flags, one.id, Reset.decode(one.body).status]),
      [1, 2, 3].map((id) => [frameKind.reset, 0, id, 13]),
    );
    assert.equal(agent.exchange.stats().peers, 1);
    assert.equal(agent.exchange.stats().framesBad, 3);
  });

  it('too much for all calls together ends the call that sent it', async (t) => {
    const { bus, hub, agent, target, close } = await pair({ peerWindowBytes: 256 << 10 }, (served) => {
      served.ready = false;
    });
    t.after(close);
    const one = open(hub, agent);
    const two = open(hub, agent);
    await settle(bus);
    callOf(one).write(Buffer.alloc(190 << 10));
    await settle(bus);
    const id = lastId(bus, hub);
    agent.exchange.receive(hub.self, frame(frameKind.data, fromCaller, id, 0, Buffer.alloc(100 << 10)));
    await until(() => two.end !== undefined, 'the bad call has ended');
    assert.equal(two.failure.status, 13);
    assert.equal(target.at(1).bytes, 0);
    assert.equal(one.end, undefined);
  });
});

describe('a peer that grants without measure', () => {
  it('is sent a window ahead at most', async (t) => {
    const window = 256 << 10;
    const { bus, hub, agent, target, close } = await pair({ peerWindowBytes: 4 * window }, (served) => {
      served.ready = false;
    });
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    const id = lastId(bus, hub);
    hub.exchange.receive(agent.self, frame(frameKind.credit, 0, 0, 2 ** 50));
    hub.exchange.receive(agent.self, frame(frameKind.credit, 0, id, 2 ** 50));
    bus.lose = () => true;
    callOf(listener).write(Buffer.alloc(12 * window));
    await settle(bus);
    const sent = bus.messages
      .flatMap((message) => message.frames)
      .filter((one) => one.kind === frameKind.data)
      .reduce((sum, one) => sum + one.body.length, 0);
    assert.ok(sent > window && sent <= 4 * window, `${sent / window} windows were sent`);
    assert.equal(target.calls.length, 1);
  });
});

describe('messages', () => {
  it('that are broken are heard as far as they are whole', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    open(hub, agent);
    await settle(bus);
    const id = lastId(bus, hub);
    const whole = frame(frameKind.data, fromCaller, id, 0, Buffer.from('whole'));
    const cut = frame(frameKind.data, fromCaller, id, 5, Buffer.from('cut off')).subarray(0, 22);
    agent.exchange.receive(hub.self, Buffer.concat([whole, cut]));
    agent.exchange.receive(hub.self, cut.subarray(0, 10));
    agent.exchange.receive(hub.self, Buffer.alloc(0));
    assert.equal(target.at(0).text, 'whole');
    assert.equal(agent.exchange.stats().messagesBad, 3);
    assert.equal(target.at(0).cancelled, undefined);
  });

  it('of unknown calls and processes are answered, within a limit, and leave nothing', async () => {
    const bus = new MemoryBus();
    const agent = bus.join('node', '1-a', { resetsPerSweep: 10, sweepMs: 1e6 });
    agent.exchange.serve(new TestTarget());
    for (let i = 1; i <= 100; i++) {
      const from = { name: 'hub', instance: `forged-${i}` };
      agent.exchange.receive(from, frame(frameKind.data, fromCaller, i, 0, Buffer.from('x')));
      agent.exchange.receive(from, frame(frameKind.head, 0, i, 0, headBody));
      agent.exchange.receive(from, frame(frameKind.credit, fromCaller, i, 9));
      agent.exchange.receive(from, frame(frameKind.credit, 0, 0, 9));
      agent.exchange.receive(from, frame(frameKind.reset, 0, i));
      agent.exchange.receive(from, frame(frameKind.sync, 0, 0, 0, junk));
      agent.exchange.receive(from, frame(99, 0, i));
    }
    await settle(bus);
    assert.ok(bus.messages.length <= 10, `${bus.messages.length} answers`);
    assert.ok(bus.messages.every((message) => message.frames.every((one) => one.kind === frameKind.reset)));
    const { peers, framesIn } = agent.exchange.stats();
    assert.deepEqual([peers, framesIn], [0, 700]);
    agent.exchange.close();
  });

  it('of more processes than may be known are refused, and none is called', async () => {
    const bus = new MemoryBus();
    const agent = bus.join('node', '1-a', { peers: 2 });
    agent.exchange.serve(new TestTarget());
    const hubs = ['h1', 'h2', 'h3'].map((instance) => bus.join('hub', instance));
    const [one, two, three] = hubs.map((hub) => open(hub, agent));
    await settle(bus);
    assert.deepEqual([one?.end, two?.end], [undefined, undefined]);
    assert.deepEqual([three?.failure.status, three?.failure.refused], [14, true]);
    const own = open(agent, { name: 'hub', instance: 'h4' });
    await settle(bus);
    assert.deepEqual([own.failure.status, own.failure.refused], [8, true]);
    assert.equal(agent.exchange.stats().peers, 2);
    for (const member of [agent, ...hubs]) member.exchange.close();
  });

  it('that reset unknown calls are never answered', async (t) => {
    const { bus, hub, agent, close } = await pair();
    t.after(close);
    const body = Reset.encode({ status: 14, message: '', refused: false, remote: false }).finish();
    agent.exchange.receive(hub.self, frame(frameKind.reset, fromCaller, 4711, 0, body));
    agent.exchange.receive(hub.self, frame(frameKind.reset, 0, 4711, 0, junk));
    agent.exchange.receive({ name: 'hub', instance: 'h9' }, frame(frameKind.reset, 0, 1, 0, body));
    await settle(bus);
    assert.equal(bus.messages.length, 0);
  });

  it('of another process do not touch a call, though the id fits', async (t) => {
    const { bus, hub, agent, target, close } = await pair({}, () => {});
    t.after(close);
    const listener = open(hub, agent);
    await settle(bus);
    const id = lastId(bus, hub);
    const body = Reset.encode({ status: 1, message: '', refused: false, remote: true }).finish();
    agent.exchange.receive({ name: 'hub', instance: 'h2' }, frame(frameKind.reset, fromCaller, id, 0, body));
    agent.exchange.receive({ name: 'node', instance: 'h1' }, frame(frameKind.reset, fromCaller, id, 0, body));
    hub.exchange.receive(
      { name: 'node', instance: '2-b' },
      frame(frameKind.trailers, 0, id, 0, trailersBody),
    );
    await settle(bus);
    assert.equal(target.at(0).cancelled, undefined);
    assert.equal(listener.end, undefined);
  });
});

describe('arbitrary bytes', () => {
  /** A conversation that is recorded, to be changed. */
  async function recording(): Promise<{ messages: Buffer[]; from: string[] }> {
    const made = await pair({}, echo);
    const listener = open(made.hub, made.agent);
    callOf(listener).write(Buffer.from('some bytes'));
    callOf(listener).end();
    await until(() => listener.end !== undefined, 'the call has ended');
    const messages = made.bus.messages.map((message) =>
      Buffer.concat(message.frames.map((one) => frame(one.kind, one.flags, one.id, one.offset, one.body))),
    );
    const from = made.bus.messages.map((message) => message.from.name);
    made.close();
    return { messages, from };
  }

  it('never throw, never stop the calls of others, and leave nothing', async (t) => {
    const { messages } = await recording();
    messages.push(
      frame(frameKind.sync, 0, 0, 0, Sync.encode(Sync.fromPartial({ calls: [{ id: 1 }] })).finish()),
    );
    messages.push(frame(frameKind.credit, 0, 0, 1e6), frame(frameKind.accept, 0, 2));
    const change = fc.tuple(
      fc.nat(messages.length - 1),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
    );
    const attack = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      change.map(([index, changes]) => {
        const bytes = Buffer.from(messages[index] ?? Buffer.alloc(0));
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        return bytes;
      }),
    );
    const { bus, hub, agent, close } = await pair({}, echo);
    t.after(close);
    bus.keep = false;
    const evil = { name: 'node', instance: 'evil' };
    await fc.assert(
      fc.asyncProperty(fc.array(attack, { minLength: 1, maxLength: 12 }), async (attacks) => {
        const victim: Listener = open(hub, agent, anyHead);
        for (const bytes of attacks) {
          agent.exchange.receive({ name: 'hub', instance: 'evil' }, Buffer.from(bytes));
          hub.exchange.receive(evil, Buffer.from(bytes));
        }
        callOf(victim).write(Buffer.from('untouched'));
        callOf(victim).end();
        await until(() => victim.end !== undefined, 'the call of another has ended');
        assert.equal(victim.text, 'untouched');
        agent.exchange.forget({ name: 'hub', instance: 'evil' }, 'end of the round');
        hub.exchange.forget(evil, 'end of the round');
        await settle(bus);
        assertEmpty(hub, agent);
      }),
      { numRuns: 300 },
    );
  });

  it('of a peer that has calls open end calls at most', async (t) => {
    const { messages } = await recording();
    const { bus, hub, agent, close } = await pair({}, echo);
    t.after(close);
    bus.keep = false;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(messages.length - 1),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
        async (index, changes) => {
          const listener = open(hub, agent);
          await settle(bus);
          const bytes = Buffer.from(messages[index] ?? Buffer.alloc(0));
          for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
          (index === 0 ? agent : hub).exchange.receive(index === 0 ? hub.self : agent.self, bytes);
          await settle(bus);
          callOf(listener).end();
          await settle(bus);
          hub.exchange.forget(agent.self, 'end of the round');
          await settle(bus);
          agent.exchange.forget(hub.self, 'end of the round');
          await settle(bus);
          assert.equal(listener.ends, 1);
          assertEmpty(hub, agent);
        },
      ),
      { numRuns: 200 },
    );
  });
});
