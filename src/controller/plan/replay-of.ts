import { runReplay } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import type { FaultJudgement, Judgement } from '../judging/judgement.js';
import { longestFaultMs } from '../scenario/scenario.js';
import { phaseOfFault, t0OfFault } from './fault-times.js';
import type { PlannedFault } from './plan.js';
import type { Replay } from './replay.js';

/** What is done again of a run, and what is not. */
export interface ReplayOf {
  readonly replay: Replay;
  /** In words: which fault, and why it is left out or not quite as it was. */
  readonly remarks: readonly string[];
}

/**
 * What a run really did: the faults that acted, from when to when they did by the controller's clock. Those that were refused
 * or missed are left out. Throws `RUN_UNARMED` where its tests never began, and `REPLAY_TOO_LARGE`.
 */
export function replayOf(judgement: Pick<Judgement, 'run' | 'plan' | 'facts' | 'faults'>): ReplayOf {
  const { run, plan, facts, faults } = judgement;
  if (facts.t0.main === undefined && facts.t0.joining === undefined) {
    throw new PosternError('RUN_UNARMED', `the run '${run}' ended before its faults were armed`, {
      hint: 'there is nothing to do again of it: run its scenario',
      exitCode: 2,
    });
  }
  const acted = new Map(faults.map((fault) => [fault.fault, fault]));
  const remarks: string[] = [];
  const again = plan.faults.flatMap((planned) => {
    const was = wasAs(planned, acted.get(planned.fault), t0OfFault(planned, facts.t0));
    if (was.remark !== undefined) remarks.push(`${planned.fault} of ${planned.node}: ${was.remark}`);
    return was.fault === undefined ? [] : [was.fault];
  });
  const checked = runReplay.safeParse({ run, planHash: plan.hash, nodes: plan.nodes, faults: again });
  if (checked.success) return { replay: checked.data, remarks };
  throw new PosternError(
    'REPLAY_TOO_LARGE',
    `what happened in the run '${run}' cannot be done again: at most 1,000 faults can, within a day`,
    { exitCode: 2, cause: checked.error },
  );
}

function wasAs(
  planned: PlannedFault,
  acted: FaultJudgement | undefined,
  t0: number | undefined,
): { readonly fault?: PlannedFault; readonly remark?: string } {
  if (t0 === undefined) return { remark: `left out, as the ${phaseOfFault(planned)} phase was not armed` };
  if (acted?.injectedAtMs === undefined) {
    return { remark: `left out: ${acted?.reason ?? 'its node told nothing of it'}` };
  }
  const { injectedAtMs, healedAtMs } = acted;
  // Clocks are known to some milliseconds only: nothing came before its phase.
  const atMs = Math.max(0, Math.round(injectedAtMs - t0));
  if (planned.kind === 'restart') return { fault: { ...planned, atMs, forMs: 0 } };
  if (healedAtMs === undefined) {
    return { fault: { ...planned, atMs }, remark: 'as long as planned, since nobody told of its heal' };
  }
  const forMs = Math.max(1, Math.round(healedAtMs - injectedAtMs));
  if (forMs <= longestFaultMs) return { fault: { ...planned, atMs, forMs } };
  return {
    fault: { ...planned, atMs, forMs: longestFaultMs },
    remark: 'an hour of it: no fault lasts longer',
  };
}
