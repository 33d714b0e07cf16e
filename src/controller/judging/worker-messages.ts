import type { StoredResult } from '../../bus/read-results.js';
import type { Judgement, RunFacts } from './judgement.js';
import type { Rules } from './rules.js';

/** What a worker that judges is made with. */
export interface JudgeOrder {
  readonly facts: RunFacts;
  readonly rules: Rules;
}

/** Records for the worker; with the last ones it judges. */
export interface JudgeWork {
  readonly results: readonly StoredResult[];
  readonly isLast: boolean;
}

/** What the worker tells: that it took a batch in, or the judgement. */
export type JudgeAnswer = { readonly taken: number } | { readonly judgement: Judgement };
