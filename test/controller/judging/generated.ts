import assert from 'node:assert/strict';
import { Checker } from '../../../src/controller/judging/checker.js';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { type History, historyOf } from './generator/generator.js';
import type { TrueLayers } from './generator/true-layers.js';

/** Judges the generated run of a seed, and fails unless all that was planted is found, and nothing else. */
export function assertFound(seed: number): History {
  const history = historyOf(seed);
  const { facts, results, truth } = history;
  const checker = new Checker(facts);
  for (const result of results) checker.add(result);
  const judgement = checker.judge();
  const context = `seed ${seed}: ${history.kinds.join(', ')}`;
  assert.deepEqual(foundIn(judgement), truth.troubles, context);
  assert.equal(judgement.verdict, truth.verdict, `${context}\n${textOf(judgement)}`);
  const proofs = judgement.faults.map(({ fault, proof }) => [fault, proof]);
  assert.deepEqual(Object.fromEntries(proofs), truth.proofs, context);
  const { expected, delivered, replayed, lost, unknown, displacement } = judgement.totals;
  assert.equal(expected, delivered + lost + unknown, context);
  assert.equal(displacement, truth.displacement, context);
  if (truth.counts !== undefined) assert.deepEqual({ expected, delivered, replayed }, truth.counts, context);
  assert.equal(judgement.records, results.length, context);
  assertLayers(judgement, truth.layers, context);
  return history;
}

/** Each message that was planned is in one layer at each receiver, what is missing in one that says so, and in the right one. */
function assertLayers(judgement: Judgement, truth: TrueLayers | undefined, context: string): void {
  const whole = new Map<string, number>();
  const found: Record<string, Record<string, number>> = {};
  for (const { test, pairs, layers, totals } of judgement.tests) {
    if (layers === undefined) continue;
    const { lost, vanished, unknown } = totals;
    const missing = layers.unkept + layers.unsent + layers.presumed + layers.undelivered;
    assert.ok(missing + layers.unclear >= lost + vanished + unknown, context);
    assert.ok(layers.presumed <= lost + vanished, context);
    for (const { sender, receiver, counts, layers: own = { arrived: counts.scheduled } } of pairs) {
      if (counts.scheduled === 0) continue;
      if ('unsent' in own) {
        const missing = own.unkept + own.unsent + own.presumed + own.undelivered;
        assert.ok(missing <= counts.lost + counts.vanished + counts.info, context);
      }
      const told = Object.entries(own).filter(([, count]) => count > 0);
      const sum = told.reduce((all, [, count]) => all + count, 0);
      assert.ok(('notSent' in own ? own.notSent : 0) >= counts.skipped, context);
      assert.equal(sum, counts.scheduled, `${context}: ${test} ${sender} ${receiver}`);
      found[`${test} ${sender} ${receiver}`] = Object.fromEntries(told);
      for (const [layer, count] of told) whole.set(layer, (whole.get(layer) ?? 0) + count);
    }
  }
  assert.deepEqual(
    Object.entries(judgement.layers ?? {})
      .filter(([, count]) => count > 0)
      .sort(),
    [...whole].sort(),
    context,
  );
  if (truth !== undefined) assert.deepEqual(found, truth, context);
}

/** What a judgement says is wrong: `trouble test sender#seq receiver`, sorted. */
export function foundIn({ messages }: Judgement): string[] {
  return messages
    .flatMap(({ test, sender, seq, troubles }) =>
      troubles.map(({ trouble, receiver }) => `${trouble} ${test} ${sender}#${seq} ${receiver}`),
    )
    .sort();
}

/** The reasons of a judgement, a line each. */
export function textOf({ reasons }: Judgement): string {
  return reasons.map(({ code, text }) => `${code}: ${text}`).join('\n');
}
