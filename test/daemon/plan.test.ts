import assert from 'node:assert/strict';
import { test } from 'node:test';
import { misdeeds, Plan, parseMisbehaviour } from '../../src/daemon/misbehave/plan.js';

/** The numbers up to 10,000 that go wrong. */
function wrong(text: string, seed: string): number[] {
  const plan = new Plan(parseMisbehaviour(text), seed);
  return Array.from({ length: 10_000 }, (_, i) => i + 1).filter((n) => plan.says('lose', n));
}

test('one in so many goes wrong, the same ones for a seed and others for another', () => {
  const some = wrong('lose=50', '7');
  assert.ok(some.length > 130 && some.length < 270, `${some.length} of 200`);
  assert.deepEqual(wrong('double=3,lose=50', '7'), some, 'whatever else goes wrong');
  assert.notDeepEqual(wrong('lose=50', '8'), some);
  assert.equal(wrong('lose=1', '7').length, 10_000);
  assert.deepEqual(wrong('lose=@7', '7'), [7]);
  assert.deepEqual(wrong('', '7'), []);
});

test('what it does not know is refused, with what it knows', () => {
  for (const misdeed of misdeeds)
    assert.deepEqual(parseMisbehaviour(`${misdeed}=3`), { [misdeed]: { oneIn: 3 } });
  for (const text of ['loose=3', 'lose', 'lose=0', 'lose=@0', 'lose=x', 'lose=-1', 'lose=3=4']) {
    assert.throws(() => parseMisbehaviour(text), { code: 'MISBEHAVE_INVALID', exitCode: 2 }, text);
  }
});
