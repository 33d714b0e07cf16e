import type { RunContext } from '../../../machines/run.js';
import { readResults } from '../../bus/read-results.js';
import { subjects } from '../../bus/subjects.js';
import { posternVersion } from '../../package-info.js';
import { judgeInWorker } from '../judging/judge-in-worker.js';
import type { FaultFact, Judgement, RunFacts } from '../judging/judgement.js';
import type { Rules } from '../judging/rules.js';
import type { Plan } from '../plan/plan.js';
import type { GatheredNode } from '../runs/facts.js';
import type { RunContextOf } from './context.js';
import { insist, type StepLife } from './step.js';

/** A run that has got as far as having a plan. */
export interface JudgedRun {
  readonly plan: Plan;
  /** What its machine knows. */
  readonly context: RunContext;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** Judges the records that are stored of a run, by its own rules or others. */
export async function judge(
  run: Pick<RunContextOf, 'run' | 'bus' | 'parts'>,
  life: StepLife,
  judged: JudgedRun,
  rules: Rules = judged.plan.rules,
): Promise<Judgement> {
  const nodes = await insist(life, 'what nodes there were', () => run.parts.get('nodes'));
  const faults = await insist(life, 'what became of the faults', () => run.parts.get('faults'));
  const facts = factsOf(run.run, judged, nodes?.nodes ?? [], faults?.faults ?? []);
  return insist(life, 'judging', () =>
    judgeInWorker(facts, rules, readResults(run.bus, run.run), { signal: life.signal }),
  );
}

function factsOf(
  run: string,
  { plan, context, startedAtMs, endedAtMs }: JudgedRun,
  nodes: readonly GatheredNode[],
  faults: readonly ({ readonly fault: string } & FaultFact)[],
): RunFacts {
  const clocks = nodes.map(({ name, offsetMs, errorMs }) => [name, { offsetMs, errorMs }] as const);
  const versions = nodes.map(({ name, version }) => [name, version] as const);
  return {
    run,
    plan,
    startedAtMs,
    endedAtMs,
    t0: context.t0,
    clocks: Object.fromEntries(clocks),
    faults: Object.fromEntries(faults.map(({ fault, ...fact }) => [fault, fact])),
    versions: { ...Object.fromEntries(versions), controller: posternVersion() },
    ...(context.aborted === undefined ? {} : { aborted: context.aborted }),
    ...(context.stuck === undefined ? {} : { stuck: context.stuck }),
  };
}

/** The journals of the run are not needed any more: its agents remove them. */
export async function closeRun(
  { run, bus, now }: Pick<RunContextOf, 'run' | 'bus' | 'now'>,
  life: StepLife,
): Promise<void> {
  const body = { v: 1, atMs: now(), by: 'its controller' } as const;
  await insist(life, 'closing the run', () =>
    bus.append(subjects.resultsClosed, { run }, body, `closed.${run}`),
  );
}
