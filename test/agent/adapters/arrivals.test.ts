import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arrivals } from '../../../src/agent/adapters/arrivals.js';

test('what comes again after a new subscription was replayed', () => {
  const arrivals = new Arrivals();
  arrivals.subscribed();
  arrivals.listed();
  assert.deepEqual(
    ['a', 'b'].map((event) => arrivals.came(event)),
    ['first', 'first'],
  );
  arrivals.subscribed();
  assert.deepEqual(
    ['a', 'b'].map((event) => arrivals.came(event)),
    ['replayed', 'replayed'],
  );
  arrivals.listed();
  assert.equal(arrivals.came('c'), 'first');
});

test('what comes twice while it may be listed and told was replayed, what comes a third time was duplicated', () => {
  const arrivals = new Arrivals();
  arrivals.subscribed();
  assert.equal(arrivals.came('a'), 'first');
  arrivals.listed();
  assert.equal(arrivals.came('a'), 'replayed');
  assert.equal(arrivals.came('a'), 'duplicated');
});

test('what comes twice after all was listed was duplicated', () => {
  const arrivals = new Arrivals();
  arrivals.subscribed();
  arrivals.listed();
  assert.equal(arrivals.came('a'), 'first');
  assert.equal(arrivals.came('a'), 'duplicated');
});

test('what was known before this process was replayed', () => {
  const arrivals = new Arrivals(['a']);
  arrivals.subscribed();
  assert.equal(arrivals.came('a'), 'replayed');
  assert.equal(arrivals.came('b'), 'first');
});

test('more events than can be told apart are an error, not a leak', () => {
  const arrivals = new Arrivals([], 2);
  arrivals.subscribed();
  arrivals.came('a');
  arrivals.came('b');
  assert.throws(() => arrivals.came('c'), RangeError);
  assert.equal(arrivals.came('a'), 'replayed');
});

test('over any subscriptions of a daemon that tells each event once live, nothing is duplicated; what it doubles is', () => {
  const event = fc.integer({ min: 0, max: 30 }).map(String);
  const subscription = fc.record({
    fresh: fc.uniqueArray(event, { maxLength: 10 }),
    /** Of those that are there, told live as well as listed. */
    overlap: fc.integer({ min: 0, max: 5 }),
    doubled: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(subscription, { minLength: 1, maxLength: 6 }), (subscriptions) => {
      const arrivals = new Arrivals();
      const there = new Set<string>();
      let planted = 0;
      let found = 0;
      const came = (one: string): void => {
        if (arrivals.came(one) === 'duplicated') found += 1;
      };
      for (const { fresh, overlap, doubled } of subscriptions) {
        arrivals.subscribed();
        const listed = [...there];
        for (const one of listed) came(one);
        arrivals.listed();
        for (const one of listed.slice(0, overlap)) came(one);
        const news = fresh.filter((one) => !there.has(one));
        for (const one of news) {
          came(one);
          there.add(one);
        }
        const last = news.at(-1);
        if (doubled && last !== undefined) {
          came(last);
          planted += 1;
        }
      }
      assert.equal(found, planted);
      assert.equal(arrivals.size, there.size);
    }),
  );
});
