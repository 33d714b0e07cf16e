import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linear, logarithmic, powers, rowsOf, ticks } from '../../../src/controller/report/page/scales.js';
import { around, moved, type TimeWindow, zoomed } from '../../../src/controller/report/page/time-window.js';

const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });

test('marks are round, in the domain, and about as many as were asked for', () => {
  fc.assert(
    fc.property(
      number,
      fc.double({ min: 0.01, max: 1e9, noNaN: true }),
      fc.integer({ min: 2, max: 20 }),
      (from, extent, count) => {
        const marks = ticks(from, from + extent, count);
        assert.ok(marks.length <= count + 1, `${marks.length} of ${count}`);
        assert.ok(marks.length >= Math.floor(count / 2.5) - 1, `${marks.length} of ${count}`);
        for (const mark of marks)
          assert.ok(mark >= from - extent * 1e-6 && mark <= from + extent * (1 + 1e-6));
      },
    ),
  );
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(3, 3, 5), [3]);
  assert.deepEqual(powers(0.5, 2_000), [1, 10, 100, 1_000]);
});

test('scales begin and end where they should, and know nothing below a logarithm', () => {
  const even = linear([10, 20], [100, 300]);
  assert.deepEqual([even(10), even(15), even(20)], [100, 200, 300]);
  const log = logarithmic([1, 100], [0, 2]);
  assert.deepEqual(
    [log(1), log(10), log(100), log(-5)].map((at) => Math.round(at * 1e9) / 1e9),
    [0, 1, 2, 0],
  );
});

test('spans in one row do not cover each other, and no row is without need', () => {
  const span = fc.record({ from: fc.integer({ min: 0, max: 50 }), length: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(span, { maxLength: 30 }), (made) => {
      const spans = made.map(({ from, length }) => ({ from, to: from + length }));
      const rows = rowsOf(spans);
      for (const [i, a] of spans.entries()) {
        for (const [k, b] of spans.entries()) {
          if (i < k && rows[i] === rows[k]) assert.ok(a.to <= b.from || b.to <= a.from);
        }
      }
      const deepest = Math.max(
        0,
        ...spans.map(({ from }) => spans.filter((s) => s.from <= from && s.to > from).length),
      );
      assert.equal(Math.max(-1, ...rows) + 1, deepest);
    }),
  );
});

test('however one zooms and moves, the window stays in the run, and what one points at stays in its place', () => {
  const whole: TimeWindow = { from: 1_000, to: 61_000 };
  const step = fc.oneof(
    fc.record({
      factor: fc.double({ min: 0.1, max: 5, noNaN: true }),
      place: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ part: fc.double({ min: -3, max: 3, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let window = whole;
      for (const one of steps) {
        const before = window;
        if ('part' in one) window = moved(window, whole, one.part);
        else window = zoomed(window, whole, one.factor, before.from + one.place * (before.to - before.from));
        assert.ok(
          window.from >= whole.from - 1e-6 && window.to <= whole.to + 1e-6 && window.to - window.from > 4.99,
        );
      }
    }),
  );
  assert.deepEqual(zoomed(whole, whole, 0.5, 16_000), { from: 8_500, to: 38_500 });
});

test('a window around a message has a margin, and around nothing it is the whole run', () => {
  const whole = { from: 0, to: 100_000 };
  assert.deepEqual(around([10_000, 20_000], whole), { from: 8_500, to: 21_500 });
  assert.deepEqual(around([], whole), whole);
});
