import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../../src/bus/bus.js';
import { subjects } from '../../../src/bus/subjects.js';
import { startTestNats, type TestNats, until } from '../../support/nats.js';
import type { TestHub } from '../test-hub.js';
import { lookOn, startHubIn } from './stage.js';

describe('a reader of activity that is slow', () => {
  let nats: TestNats;
  let hub: TestHub;
  let other: Bus;
  before(async () => {
    nats = await startTestNats();
    hub = await startHubIn(nats, 'one');
    other = await nats.hub();
  });
  after(async () => {
    await hub.stop();
    await nats.stop();
  });

  it('is waited for, holds nobody up and nothing in memory, and gets all in the end', async () => {
    const [slow, quick] = [lookOn(hub.address, hub.adminToken), lookOn(hub.address, hub.adminToken)];
    await Promise.all([slow.begun, quick.begun]);
    slow.pause();
    const reads = countPages(hub.bus);
    const params = { kind: 'proxied', node: 'cellar', service: 's', method: 'm' };
    const [messages, events] = [80, 200];
    for (let i = 0; i < messages; i++) {
      const some = Array.from({ length: events }, (_, k) => ({
        at: Date.now(),
        call: i * events + k,
        caller: 'c'.repeat(200),
      }));
      const body = { v: 1, hub: 'h', kind: 'proxied', node: 'cellar', method: 's/m', events: some } as const;
      await other.append(subjects.activity, params, { ...body, events: some }, `id-${i}`);
    }
    await until('the quick one has all', () => quick.events.length === messages * events, 90_000);
    // 6 MB are kept; of them as much was read for the slow one as fits between it and the hub
    const first = slow.events.length;
    assert.ok(first < messages * events, 'it was not slow');
    const before = reads();
    slow.resume();
    await until('the slow one has all', () => slow.events.length === messages * events, 90_000);
    assert.ok(reads() - before > 3, 'it was read on for the slow one when it could take more');
    assert.deepEqual(
      slow.events.map(({ callId }) => callId),
      Array.from({ length: messages * events }, (_, i) => `h-${i}`),
    );
    slow.stop();
    quick.stop();
  });
});

/** How many pages of the stream were read. */
function countPages(bus: Bus): () => number {
  let count = 0;
  const page = bus.page.bind(bus);
  bus.page = (...args) => {
    count++;
    return page(...args);
  };
  return () => count;
}
