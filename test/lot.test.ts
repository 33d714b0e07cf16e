import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lot } from '../src/lot.js';

const draw = (lot: Lot, amount: number): number[] => Array.from({ length: amount }, () => lot.next());

test('chance is that of sfc32 behind a hash, as its C source gives it', () => {
  assert.deepEqual(
    draw(new Lot('seed', 'odds', 0, 'north'), 5),
    [3316367609, 617465488, 2264527865, 3563190071, 1058316548],
  );
});

test('other words are another stream, however they are cut', () => {
  const streams = [
    new Lot('a', 'b'),
    new Lot('ab'),
    new Lot('a', 'b', ''),
    new Lot('b', 'a'),
    new Lot('a,b'),
    new Lot('1', 2),
    new Lot(1, 2),
  ].map((lot) => draw(lot, 2).join());
  assert.equal(new Set(streams).size, streams.length);
});

test('a lot of one in N hits as often as that says', () => {
  for (const odds of [1, 2, 3, 10, 1_000]) {
    const lot = new Lot('often', odds);
    const draws = 200_000;
    let hits = 0;
    for (let i = 0; i < draws; i += 1) if (lot.oneIn(odds)) hits += 1;
    // Five standard deviations; the seed is fixed, so it is the same each time.
    const spread = 5 * Math.sqrt((draws / odds) * (1 - 1 / odds));
    assert.ok(Math.abs(hits - draws / odds) <= spread, `1 in ${odds}: ${hits} of ${draws}`);
  }
});

test('numbers that would favour some are passed over', () => {
  // Of 2^32 numbers the last 1,294,967,296 are beyond the second whole multiple.
  const odds = 1_500_000_000;
  const raw = draw(new Lot('fair'), 1_000);
  const fair = raw.filter((number) => number < 2 * odds);
  assert.ok(fair.length > 100 && fair.length < 900);
  const lot = new Lot('fair');
  for (let i = 0; i < 100; i += 1) lot.oneIn(odds);
  assert.equal(lot.next(), raw[raw.indexOf(fair[99] ?? 0) + 1]);
});
