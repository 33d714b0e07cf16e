import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Deadlines, type Expiring } from '../../src/rpc/deadlines.js';
import { until } from './harness.js';

/** Something that notes when it is over. */
class Noted implements Expiring {
  deadlineIndex = -1;
  readonly deadlineAt: number;
  readonly #note: (one: Noted) => void;

  constructor(inMs: number, note: (one: Noted) => void) {
    this.deadlineAt = performance.now() + inMs;
    this.#note = note;
  }

  expire(): void {
    this.#note(this);
  }
}

describe('deadlines', () => {
  it('expire in order, each once, and not before their time', async () => {
    const deadlines = new Deadlines();
    const expired: Noted[] = [];
    const note = (one: Noted): void => {
      assert.ok(performance.now() >= one.deadlineAt);
      expired.push(one);
    };
    for (let i = 0; i < 500; i++) deadlines.add(new Noted((i * 7919) % 60, note));
    await until(() => expired.length === 500, 'all have expired');
    assert.equal(deadlines.size, 0);
    const times = expired.map((one) => one.deadlineAt);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });

  it('that are taken out do not expire, and leave nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1000), fc.boolean())), (entries) => {
        const deadlines = new Deadlines();
        const kept: Noted[] = [];
        const all = entries.map(([ms, remove]) => ({ one: new Noted(ms + 1e6, () => {}), remove }));
        for (const { one } of all) deadlines.add(one);
        for (const { one, remove } of all) {
          if (remove) deadlines.remove(one);
          else kept.push(one);
          assert.equal(one.deadlineIndex < 0, remove);
        }
        assert.equal(deadlines.size, kept.length);
        const places = kept.map((one) => one.deadlineIndex).toSorted((a, b) => a - b);
        assert.deepEqual(places, [...kept.keys()]);
        for (const one of kept) deadlines.remove(one);
        assert.equal(deadlines.size, 0);
        deadlines.close();
      }),
    );
  });

  it('beyond what a timer can wait do not expire at once', async (t) => {
    // Node warns of a delay that it cannot wait, and waits 1 ms.
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on('warning', warned);
    t.after(() => process.off('warning', warned));
    const deadlines = new Deadlines();
    let expired = 0;
    deadlines.add(new Noted(2 ** 31 + 1000, () => expired++));
    deadlines.add(new Noted(1e15, () => expired++));
    deadlines.add(new Noted(10, () => expired++));
    await until(() => expired > 0, 'the near one has expired');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(expired, 1);
    assert.equal(deadlines.size, 2);
    assert.deepEqual(warnings, []);
    deadlines.close();
    assert.equal(deadlines.size, 0);
  });
});
