import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Head, Open, Reset } from '../../src/gen/postern/bus/v1/frame.js';
import { frameFlag, frameKind } from '../../src/rpc/frame.js';
import { assertEmpty, callOf, open, pair, settle, until } from './harness.js';
import { frame, headBody, junk, lastId, name, openBody, trailersBody, value } from './raw-frames.js';

const { fromCaller, end } = frameFlag;

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
