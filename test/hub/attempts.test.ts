import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ago, goDuration } from '../../src/hub/ago.js';
import { FailedAttempts } from '../../src/hub/attempts.js';

describe('failed attempts', () => {
  it('are counted by address and forgiven one by one', () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    for (let i = 0; i < 30; i++) {
      assert.ok(attempts.mayTry('a'), String(i));
      attempts.failed('a');
    }
    assert.ok(!attempts.mayTry('a'));
    assert.ok(attempts.mayTry('b'));
    now = 1_999;
    assert.ok(!attempts.mayTry('a'));
    now = 2_000;
    assert.ok(attempts.mayTry('a'));
    attempts.failed('a');
    assert.ok(!attempts.mayTry('a'));
    now = 100_000;
    for (let i = 0; i < 29; i++) attempts.failed('a');
    assert.ok(attempts.mayTry('a'), 'all was forgiven');
  });

  it('are all forgiven in a minute, however many they were', () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    for (let i = 0; i < 10_000; i++) attempts.failed('a');
    assert.ok(!attempts.mayTry('a'));
    now = 2_000;
    assert.ok(attempts.mayTry('a'));
    now = 60_000;
    for (let i = 0; i < 30; i++) {
      assert.ok(attempts.mayTry('a'), String(i));
      attempts.failed('a');
    }
    assert.ok(!attempts.mayTry('a'));
  });

  it('of many addresses do not pile up', () => {
    const attempts = new FailedAttempts(() => 0);
    for (let i = 0; i < 30; i++) attempts.failed('first');
    for (let i = 0; i < 10_000; i++) attempts.failed(`a${i}`);
    assert.ok(attempts.mayTry('first'), 'the oldest was dropped');
  });
});

describe('times for people', () => {
  it('say how long ago', () => {
    const rows: [number, string][] = [
      [-5, '0 s ago'],
      [59_999, '59 s ago'],
      [185_000, '3 min ago'],
      [7_200_000, '2 h ago'],
      [86_400_000, '1 day ago'],
      [3 * 86_400_000, '3 days ago'],
    ];
    for (const [ms, text] of rows) assert.equal(ago(0, ms), text);
  });

  it('are printed as Go does', () => {
    assert.deepEqual([0, 61_999, 3_723_000].map(goDuration), ['0s', '1m1s', '1h2m3s']);
  });
});
