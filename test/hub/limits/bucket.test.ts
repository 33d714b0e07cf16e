import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Bucket } from '../../../src/hub/limits/bucket.js';

describe('a token bucket', () => {
  it('gives its burst at once, then its rate', () => {
    const bucket = new Bucket({ rate: 10, burst: 3, nowMs: 0 });
    for (let i = 0; i < 3; i++) {
      assert.equal(bucket.waitMs(1, 0), 0);
      bucket.take(1, 0);
    }
    assert.equal(bucket.waitMs(1, 0), 100);
    assert.equal(bucket.waitMs(1, 40), 60);
    assert.equal(bucket.waitMs(1, 100), 0);
    assert.ok(!bucket.full(299));
    assert.ok(bucket.full(300));
  });

  it('tells how long a debt takes, and gives what exceeds its burst when it is full', () => {
    const bucket = new Bucket({ rate: 1000, burst: 100, nowMs: 0 });
    assert.equal(bucket.waitMs(5000, 0), 0);
    bucket.take(600, 0);
    assert.equal(bucket.debtMs(0), 500);
    assert.equal(bucket.debtMs(499), 1);
    assert.equal(bucket.debtMs(500), 0);
    assert.equal(bucket.waitMs(5000, 500), 100);
  });

  it('never gives more in any time than its burst and rate allow, to whoever waits as told', () => {
    const steps = fc.array(fc.record({ after: fc.nat(5000), wanted: fc.integer({ min: 1, max: 50 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1000 }), (taken, rate) => {
        const burst = 50;
        const bucket = new Bucket({ rate, burst, nowMs: 0 });
        let nowMs = 0;
        let sum = 0;
        for (const { after, wanted } of taken) {
          nowMs += after;
          nowMs += bucket.waitMs(wanted, nowMs);
          bucket.take(wanted, nowMs);
          sum += wanted;
          assert.ok(sum <= burst + (nowMs * rate) / 1000 + 1e-6);
          assert.equal(bucket.debtMs(nowMs), 0);
        }
      }),
    );
  });

  it('owes nothing for what rounding makes of its sums', () => {
    const bucket = new Bucket({ rate: 5, burst: 50, nowMs: 0 });
    let nowMs = 0;
    for (const [after, wanted] of [
      [0, 21],
      [476, 1],
      [0, 32],
      [2498, 33],
    ] as const) {
      nowMs += after;
      nowMs += bucket.waitMs(wanted, nowMs);
      bucket.take(wanted, nowMs);
      assert.equal(bucket.debtMs(nowMs), 0);
    }
  });

  it('is not turned back by a clock that stands still', () => {
    const bucket = new Bucket({ rate: 1, burst: 1, nowMs: 1000 });
    bucket.take(1, 500);
    assert.equal(bucket.waitMs(1, 1000), 1000);
  });
});
