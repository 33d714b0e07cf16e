import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ActivityRecord } from '../../../src/bus/activity-message.js';
import { Refusals, type RefusedCall } from '../../../src/hub/activity/refusals.js';

type Told = { node: string; path: string; event: ActivityRecord };

function recorded(): { refusals: Refusals; told: Told[] } {
  const told: Told[] = [];
  const refusals = new Refusals(({ node, path }, event) => told.push({ node, path, event }));
  return { refusals, told };
}
const about = (over: Partial<RefusedCall> = {}): RefusedCall => ({
  ...{ node: 'cellar', path: '/a.B/C', caller: 'ci', code: 7, reason: 'PERMISSION_DENIED' },
  ...over,
});

describe('refused calls', () => {
  it('are told at once, and those like them as one, a second later', () => {
    const { refusals, told } = recorded();
    for (let i = 0; i < 1_000; i++) refusals.refused(about(), 5_000 + i);
    assert.deepEqual(
      told.map(({ event }) => [event.at, event.count]),
      [[5_000, 1]],
    );
    refusals.sweep(6_000);
    assert.deepEqual([told.at(-1)?.event.at, told.at(-1)?.event.count], [5_001, 999]);
    refusals.sweep(6_500);
    refusals.sweep(7_000);
    refusals.refused(about(), 7_001);
    assert.deepEqual(
      told.map(({ event }) => event.count),
      [1, 999, 1],
    );
  });

  it('come to few events whatever is refused, and each is counted', () => {
    const refused = fc.record({
      node: fc.option(fc.stringMatching(/^[a-z]{1,3}$/), { nil: undefined }),
      path: fc.string(),
      caller: fc.option(fc.string(), { nil: undefined }),
      reason: fc.constantFrom('NODE_UNKNOWN', 'UNAUTHENTICATED'),
    });
    fc.assert(
      fc.property(fc.array(refused, { minLength: 200, maxLength: 600 }), (all) => {
        const { refusals, told } = recorded();
        for (const each of all) refusals.refused(about(each), 5_000);
        assert.ok(told.length <= 32);
        refusals.sweep(6_000);
        assert.ok(told.length <= 66);
        assert.equal(
          told.reduce((sum, { event }) => sum + (event.count ?? 0), 0),
          all.length,
        );
      }),
    );
  });

  it('name only what can be the name of a node', () => {
    const { refusals, told } = recorded();
    refusals.refused(about({ node: 'ey.J secret' }), 1);
    assert.equal(told[0]?.node, '');
  });
});
