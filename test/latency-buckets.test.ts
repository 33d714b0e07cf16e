import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bucketEndMs, bucketOf, latencyBuckets, quantileMs } from '../src/latency-buckets.js';

const ms = fc.integer({ min: 0, max: 3_600_000_000 }).map((us) => us / 1000);

describe('buckets of latencies', () => {
  it('hold what is below their end and not below that of the one before', () => {
    fc.assert(
      fc.property(ms, (time) => {
        const bucket = bucketOf(time);
        assert.ok(bucket < latencyBuckets - 1);
        // at the very edge the logarithm may round to either side
        assert.ok(time < bucketEndMs(bucket) * (1 + 1e-9));
        if (bucket > 0) assert.ok(time >= bucketEndMs(bucket - 1) * (1 - 1e-9));
      }),
    );
    assert.deepEqual([bucketOf(0), bucketOf(0.049), bucketOf(0.05)], [0, 0, 1]);
    assert.equal(bucketOf(Number.MAX_VALUE), latencyBuckets - 1);
    assert.equal(bucketOf(Number.NaN), 0);
  });

  it('give quantiles that lie in the bucket of the right call', () => {
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 0, max: 1000 }).map((permille) => permille / 1000),
        (times, q) => {
          const counts = new Uint32Array(latencyBuckets);
          for (const time of times) counts[bucketOf(time)] = (counts[bucketOf(time)] ?? 0) + 1;
          const sorted = times.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? assert.fail();
          assert.equal(bucketOf(quantileMs(counts, q) ?? assert.fail()), bucketOf(exact));
        },
      ),
    );
    assert.equal(quantileMs([], 0.5), undefined);
    assert.equal(quantileMs([0, 0], 0.5), undefined);
  });
});
