import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainShape } from '../src/fault-kinds.js';
import { faultWords } from '../src/fault-words.js';

test('a fault is told in words: what is said of it, and nothing that goes without saying', () => {
  assert.equal(faultWords('link', undefined), 'link');
  assert.equal(faultWords('partition', plainShape('partition')), 'partition');
  const loss = {
    ...plainShape('loss'),
    share: 0.1,
    scope: 'hub',
    direction: 'in',
    from: ['b', 'c'],
  } as const;
  assert.equal(faultWords('loss', loss), 'loss, 10 %, hub, only what comes in, towards b and c');
  assert.equal(faultWords('loss', { share: 0.0005 }), 'loss, 0.05 %');
  assert.equal(
    faultWords('delay', { delayMs: 100, jitterMs: 20, way: 'kernel' }),
    'delay, 100 ms ± 20 ms, by the kernel',
  );
  assert.equal(
    faultWords('rate', { bytesPerSecond: 1_500_000, way: 'userspace' }),
    'rate, 1.5 MB/s, without the kernel',
  );
  assert.equal(faultWords('clock', { clockMs: -7_200_000 }), 'clock, -2 h');
  assert.equal(faultWords('interface', { interface: 'eth0', scope: 'host' }), 'interface, eth0');
  const from = ['a', 'b', 'c', 'd', 'e', 'f'].map((node) => ({ node, addresses: [] }));
  assert.equal(
    faultWords('stall', { from, direction: 'out' }),
    'stall, only what goes out, towards a, b, c, d and 2 more',
  );
});
