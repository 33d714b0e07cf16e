import type { RunPhase } from '../../../machines/run-events.js';
import type { PlannedFault } from './plan.js';

/** The phase of a run by whose T0 a fault is timed: `main` for those of the draining too. */
export function phaseOfFault({ during }: Pick<PlannedFault, 'during'>): Exclude<RunPhase, 'control'> {
  return during === 'joining' ? 'joining' : 'main';
}

/** T0 of the phase of a fault, Unix milliseconds of the controller's clock; undefined: that phase was not armed. */
export function t0OfFault(
  fault: Pick<PlannedFault, 'during'>,
  t0: { readonly joining?: number; readonly main?: number },
): number | undefined {
  return t0[phaseOfFault(fault)];
}
