import assert from 'node:assert/strict';
import { Checker } from '../../../src/controller/judging/checker.js';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { type History, historyOf } from './generator/generator.js';

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
  return history;
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
