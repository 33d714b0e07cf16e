import { faultWords } from '../../fault-words.js';
import type { FaultJudgement, FaultSighting, Judgement } from '../judging/judgement.js';
import { span } from './amounts.js';

/** What a fault did, in words: its kind, and how it was to act. */
export function kindText({ plan }: Pick<Judgement, 'plan'>, { fault, kind }: FaultJudgement): string {
  return faultWords(kind, plan.faults.find((planned) => planned.fault === fault)?.shape);
}

/** How long all that it had held up took to come after its heal. */
export function convergenceText({ convergenceMs, convergence }: FaultJudgement): string {
  if (convergenceMs !== undefined) return span(convergenceMs);
  return convergence === 'never' ? 'never' : 'not seen';
}

/** What canaries saw, a line for each way: `affected tcp 192.0.2.7:4101: before 3 of 3, during 0 of 5, after 3 of 3 came through`. */
export function sightTexts({ sights = [] }: FaultJudgement): string[] {
  const ways = new Map<string, FaultSighting[]>();
  for (const sight of sights) {
    const way = `${sight.path} ${sight.name}`;
    ways.set(way, [...(ways.get(way) ?? []), sight]);
  }
  return [...ways].map(([way, seen]) => `${way}: ${seen.map(sightText).join(', ')} came through`);
}

function sightText({ phase, looks, through, medianMs, found }: FaultSighting): string {
  const took = through > 0 && medianMs > 0 ? ` in ${span(medianMs)}` : '';
  const more = found === undefined || found === '' ? '' : ` (${found})`;
  return `${phase} ${through} of ${looks}${took}${more}`;
}
