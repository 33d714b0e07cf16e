import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Reset, Sync } from '../../src/gen/postern/bus/v1/frame.js';
import { frameFlag, frameKind } from '../../src/rpc/frame.js';
import {
  anyHead,
  assertEmpty,
  callOf,
  echo,
  type Listener,
  open,
  pair,
  settle,
  TestTarget,
  until,
} from './harness.js';
import { MemoryBus } from './memory-bus.js';
import { frame, headBody, junk, lastId, trailersBody } from './raw-frames.js';

const { fromCaller } = frameFlag;

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
