import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DatagramQueue } from '../../../src/wire/impaired/datagram-queue.js';
import type { Disturbance } from '../../../src/wire/impaired/disturbance.js';
import { StreamQueue } from '../../../src/wire/impaired/stream-queue.js';
import { Way } from '../../../src/wire/impaired/way.js';

function disturbedWay(shape: Partial<Disturbance> & Pick<Disturbance, 'kind'>): Way {
  const way = new Way('a way', 'in');
  const none = { share: 0, delayMs: 0, jitterMs: 0, bytesPerSecond: 0 };
  way.disturb({ direction: 'both', ...none, seed: '', endsAtMs: Date.now() + 60_000, ...shape });
  return way;
}

function streamOn(t: TestContext, way: Way): StreamQueue {
  const queue = new StreamQueue(way, { isGone: () => false, moved: () => {} });
  t.after(() => queue.clear());
  return queue;
}

test('what is due in years waits for a timer that holds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const waits: unknown[] = [];
  const { setTimeout: mocked } = globalThis;
  t.mock.method(globalThis, 'setTimeout', (then: () => void, ms: number) => {
    waits.push(ms);
    return mocked(then, ms);
  });
  const way = disturbedWay({ kind: 'rate', bytesPerSecond: 1e-9 });
  const stream = streamOn(t, way);
  const datagrams = new DatagramQueue(way);
  t.after(() => datagrams.stop());
  stream.take(1448, () => assert.fail('it left'));
  datagrams.take(1448, () => assert.fail('it left'));
  assert.ok(waits.length >= 2);
  assert.ok(
    waits.every((ms) => ms === 60_000),
    waits.join(),
  );
});

test('a stream that comes byte by byte has room for no more than memory has', (t) => {
  const way = disturbedWay({ kind: 'delay', delayMs: 60_000 });
  const queue = streamOn(t, way);
  let pieces = 0;
  for (; queue.hasRoom(); pieces++) queue.take(1, () => true);
  assert.ok(pieces > 1_000 && pieces < 2_100, String(pieces));
  assert.equal(way.heldBytes, pieces);
  queue.clear();
  assert.deepEqual([way.heldBytes, way.heldRoom], [0, 0]);
});
