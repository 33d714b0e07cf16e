import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mostActivityEvents } from '../../../src/bus/activity-message.js';
import { type Channel, Outbox } from '../../../src/hub/activity/outbox.js';
import { testLog, until } from '../../support/nats.js';
import { type Answer, StandInStream } from './stand-in-stream.js';

const channel = (method: string): Channel => ({ kind: 'proxied', node: 'cellar', method, pending: [] });
const open = (stream: StandInStream, mostHeld = 32_768): Outbox =>
  new Outbox({ bus: stream, hub: 'hub1', log: testLog, mostHeld });
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

describe('the outbox of activity', () => {
  it('sends a lone event at once, and those that follow closely together', async () => {
    const stream = new StandInStream();
    const outbox = open(stream);
    const one = channel('pkg.Svc/Do');
    outbox.push(one, { at: 1, call: 1 });
    // timers fire in their order, however late they are
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.equal(stream.most, 1, 'it waited for others');
    await until('the first is stored', () => stream.stored.size === 1);
    for (let call = 2; call <= 40; call++) outbox.push(one, { at: call, call });
    await until('all are stored', () => outbox.held === 0);
    assert.equal(stream.stored.size, 2);
    assert.deepEqual(
      stream.events().map(({ call }) => call),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    outbox.stop();
  });

  it('cuts messages by the number of events and by their bytes', async () => {
    const stream = new StandInStream();
    const outbox = open(stream);
    const [short, long] = [channel('a/b'), channel('c/d')];
    for (let call = 0; call < 1_000; call++) outbox.push(short, { at: 1, call });
    for (let call = 0; call < 300; call++) outbox.push(long, { at: 1, call, caller: '\u4e16'.repeat(256) });
    await outbox.drain(5_000);
    assert.equal(stream.events().length, 1_300);
    for (const message of stream.stored.values()) {
      assert.ok(message.events.length <= mostActivityEvents);
      assert.ok(Buffer.byteLength(JSON.stringify(message)) < 96 * 1024);
    }
    assert.ok(stream.stored.size < 60, 'events are not sent one by one');
    outbox.stop();
  });

  it('loses and doubles nothing, whatever answers are lost or refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Answer>('store', 'lost answer', 'refuse'), { maxLength: 5 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 400 }),
        async (answers, methods) => {
          const stream = new StandInStream(answers);
          const outbox = open(stream);
          const channels = Array.from({ length: 6 }, (_, i) => channel(`a/m${i}`));
          methods.forEach((method, call) => {
            const to = channels[method];
            if (to !== undefined) outbox.push(to, { at: 1, call });
          });
          await outbox.drain(20_000);
          const calls = stream.events().map(({ call }) => call ?? -1);
          assert.deepEqual(
            calls.sort((a, b) => a - b),
            methods.map((_, i) => i),
          );
          assert.equal(outbox.held, 0);
          outbox.stop();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('has few messages open, however many subjects there are', async () => {
    const stream = new StandInStream();
    const outbox = open(stream);
    for (let call = 0; call < 500; call++) outbox.push(channel(`a/m${call}`), { at: 1, call });
    await outbox.drain(10_000);
    assert.deepEqual([stream.events().length, stream.most], [500, 64]);
    outbox.stop();
  });

  it('holds so many and no more, and tells as a gap how many had no room, and when', async () => {
    const stream = new StandInStream();
    stream.connected = false;
    const outbox = open(stream, 100);
    for (let call = 1; call <= 350; call++)
      outbox.push(channel(`a/m${call % 7}`), { at: 1_000 + call, call });
    assert.equal(outbox.held, 100);
    stream.reconnect();
    await until('the gap is told', () => stream.events('gap').length > 0);
    await outbox.drain(5_000);
    assert.equal(stream.events().length, 100);
    assert.deepEqual(
      stream.events('gap').map(({ lost, fromMs, toMs, reason }) => ({ lost, fromMs, toMs, reason })),
      [{ lost: 250, fromMs: 1_101, toMs: 1_350, reason: 'NOT_STORED' }],
    );
    outbox.stop();
  });

  it('tells as a gap what the stream would never take', async () => {
    const stream = new StandInStream(['refuse for good']);
    const outbox = open(stream);
    const one = channel('a/b');
    for (let call = 1; call <= 3; call++) outbox.push(one, { at: call, call });
    await until('the gap is told', () => stream.events('gap').length > 0);
    assert.equal(sum(stream.events('gap').map(({ lost = 0 }) => lost)), 3);
    outbox.stop();
  });

  it('keeps one of those that several hubs tell', async () => {
    const stream = new StandInStream();
    const [one, other] = [open(stream), open(stream)];
    for (const outbox of [one, other])
      outbox.pushOnce('registered', 'cellar', { at: 1, instance: 'i1' }, 'x');
    await Promise.all([one.drain(5_000), other.drain(5_000)]);
    assert.equal(stream.events('registered').length, 1);
    one.stop();
    other.stop();
  });
});
