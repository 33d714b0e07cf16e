import { Checker } from '../../../src/controller/judging/checker.js';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { historyOf } from '../judging/generator/generator.js';

/** The generated run of a seed, as the checker judges it. */
export function checkedRun(seed: number): Judgement {
  const { facts, results } = historyOf(seed);
  const checker = new Checker(facts);
  for (const result of results) checker.add(result);
  return checker.judge();
}
