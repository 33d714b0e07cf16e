import { z } from 'zod';
import type { Canary, Expectation, Proving, Sight } from '../injection.js';

/** When a canary looks. */
export const faultPhases = ['before', 'during', 'after'] as const;
export type FaultPhase = (typeof faultPhases)[number];

/** The most canaries of one fault. */
export const mostCanaries = 16;
const longestName = 120;
const longestFound = 200;

/** A look with its time. */
export interface TimedSight extends Sight {
  /** When it began, Unix milliseconds. */
  readonly atMs: number;
}

/** All that one canary has seen. */
export interface Observed {
  readonly canary: Canary;
  readonly expects: Expectation;
  readonly seen: Readonly<Record<FaultPhase, TimedSight[]>>;
}

/** Canaries that have seen nothing yet. */
export function unobserved({ canaries, expects }: Proving): Observed[] {
  return canaries.slice(0, mostCanaries).map((canary) => ({
    canary,
    expects: canary.expects ?? expects,
    seen: { before: [], during: [], after: [] },
  }));
}

/** What one canary has seen in one phase, as it is kept and told. */
export const faultSight = z.object({
  phase: z.enum(faultPhases),
  path: z.enum(['affected', 'spared']),
  name: z.string().max(longestName),
  fromMs: z.number(),
  toMs: z.number(),
  looks: z.number().int().nonnegative(),
  through: z.number().int().nonnegative(),
  medianMs: z.number().nonnegative(),
  found: z.string().max(longestFound),
});
export type FaultSight = z.infer<typeof faultSight>;

/** The most that is kept of one fault. */
export const mostSights = mostCanaries * faultPhases.length;

/** Sums up what canaries have seen, in the order of phases. */
export function sightsOf(observed: readonly Observed[]): FaultSight[] {
  return faultPhases.flatMap((phase) =>
    observed.flatMap(({ canary: { path, name }, seen }) => {
      const sights = seen[phase];
      const [first, last] = [sights[0], sights.at(-1)];
      if (first === undefined || last === undefined) return [];
      return [
        {
          ...{ phase, path, name: name.slice(0, longestName) },
          ...{ fromMs: first.atMs, toMs: Math.round(last.atMs + last.ms) },
          looks: sights.length,
          through: throughOf(sights),
          medianMs: Math.round(medianMs(sights) * 10) / 10,
          found: foundIn(sights).slice(0, longestFound),
        },
      ];
    }),
  );
}

/** How many looks came through. */
export function throughOf(sights: readonly Sight[]): number {
  return sights.filter(({ through }) => through).length;
}

/** How long those took that came through: the middle one, milliseconds; 0 without any. */
export function medianMs(sights: readonly Sight[]): number {
  const times = sights.flatMap(({ through, ms }) => (through ? [ms] : [])).sort((one, other) => one - other);
  return times[Math.floor(times.length / 2)] ?? 0;
}

/** What was found, each thing once in a row. */
function foundIn(sights: readonly Sight[]): string {
  const found = sights.flatMap(({ found: one = '' }) => (one === '' ? [] : [one]));
  const changes = found.filter((one, at) => one !== found[at - 1]);
  // of many, such as a counter's, the ends say enough
  return changes.length > 3 ? `${changes[0]}, …, ${changes.at(-1)}` : changes.join(', ');
}
