import type { RunContext, RunPhase } from '../../../machines/run.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import { Lookout, type Seen } from '../nodes/lookout.js';
import { joiningEndMs, phaseEndMs } from '../plan/duration.js';
import { phaseOfFault } from '../plan/fault-times.js';
import { drawSeed } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { arm } from '../steps/arm.js';
import { awaitRecords, keepFaults } from '../steps/collect.js';
import type { LoadedRun, PlannedRun, RunContextOf } from '../steps/context.js';
import { gather } from '../steps/gather.js';
import { awaitReady, formGroups } from '../steps/group.js';
import { awaitHealed, until } from '../steps/joining.js';
import { closeRun, judge } from '../steps/judge.js';
import { quieten } from '../steps/quiet.js';
import { insist, type StepLife } from '../steps/step.js';
import type { Told } from './conductor.js';
import type { RunChange } from './ledger.js';
import { progressOf } from './progress.js';
import { samePlan, storedScenario } from './stored-run.js';

/** What came of a step, and what the entry of the run says from then on. */
export interface Done {
  readonly event: Told;
  readonly change?: RunChange;
}

/** The steps of one run, by the state of its machine. */
export class RunSteps {
  readonly #run: RunContextOf;
  readonly #over: AbortSignal;
  #loaded: Promise<LoadedRun> | undefined;
  #planned: Promise<PlannedRun> | undefined;
  #seen: ReadonlyMap<string, Seen> = new Map();

  /** @param over the run is conducted no more */
  constructor(run: RunContextOf, over: AbortSignal) {
    this.#run = run;
    this.#over = over;
  }

  /**
   * Does the step of a state; undefined: the state ends by the clock. Throws what ends the run there.
   * @param record for what has to be written down in the middle of a step
   */
  async do(
    state: string,
    context: RunContext,
    life: StepLife,
    record: (event: Told) => Promise<void>,
  ): Promise<Done | undefined> {
    switch (state) {
      case 'loading':
        return this.#load(life);
      case 'gathering':
        return this.#gather(life);
      case 'grouping':
        await until(context.t0.joining, this.#run.now, life);
        await formGroups(await this.#plan(life), life);
        return { event: { type: 'GROUPED' } };
      case 'readying':
        await awaitReady(await this.#plan(life), life);
        return { event: { type: 'READY' } };
      case 'arming':
        return this.#arm('joining', context, life, record);
      case 'control.arming':
        return this.#arm('control', context, life, record);
      case 'main.arming':
        return this.#arm('main', context, life, record);
      case 'healing':
        await awaitHealed(await this.#plan(life), life);
        return { event: { type: 'HEALED' } };
      case 'control.settling':
        await awaitRecords(await this.#plan(life), life, { phases: ['control'] });
        return { event: { type: 'SETTLED' } };
      case 'control.running':
      case 'main.running':
      case 'main.settling':
        await this.#plan(life); // looks at the nodes, for those who watch
        return undefined;
      case 'stopping':
        await quieten(await this.#plan(life), life, context.aborted?.reason ?? 'the run cannot go on');
        return { event: { type: 'QUIET' } };
      case 'collecting':
        return this.#collect(context, life);
      case 'judging':
        return this.#judge(context, life);
      default:
        return undefined;
    }
  }

  async #load(life: StepLife): Promise<Done> {
    let loaded: LoadedRun;
    try {
      loaded = await this.#scenario(life);
    } catch (thrown) {
      if (!(thrown instanceof PosternError) || thrown.code !== 'SCENARIO_INVALID') throw thrown;
      const message = errorText(thrown).slice(0, 16_000);
      return { event: { type: 'REFUSED', message }, change: { reasons: message.split('\n').slice(0, 32) } };
    }
    const { scenario } = loaded;
    return {
      event: { type: 'LOADED', patience: scenario.patience },
      change: {
        scenario: scenario.name,
        warnings: scenario.warnings
          .slice(0, 64)
          .map(({ place, text }) => `${place}: ${text}`.slice(0, 1_024)),
      },
    };
  }

  async #gather(life: StepLife): Promise<Done> {
    const loaded = await this.#scenario(life);
    const seed = loaded.seed ?? loaded.scenario.seed ?? drawSeed();
    const plan = await gather(loaded, life, seed);
    const isUpset = plan.faults.some((fault) => phaseOfFault(fault) === 'joining');
    const lastsMs = {
      ...(isUpset ? { joining: joiningEndMs(plan) } : {}),
      ...{ control: phaseEndMs(plan, 'control'), main: phaseEndMs(plan, 'main') },
    };
    const control = plan.tests.some(({ phase }) => phase === 'control');
    return {
      event: { type: 'GATHERED', control, lastsMs, settleMs: plan.settleMs },
      change: { seed: plan.seed, planHash: plan.hash, plannedMs: lastsMs.main + plan.settleMs },
    };
  }

  async #arm(
    phase: RunPhase,
    context: RunContext,
    life: StepLife,
    record: (event: Told) => Promise<void>,
  ): Promise<Done> {
    const run = await this.#plan(life);
    let t0Ms = context.t0[phase];
    if (t0Ms === undefined) {
      t0Ms = run.now() + run.plan.leadMs;
      await record({ type: 'T0_CHOSEN', phase, t0Ms });
    }
    await arm(run, life, { phase, t0Ms });
    return { event: { type: 'ARMED' } };
  }

  async #collect({ t0, aborted, stuck }: RunContext, life: StepLife): Promise<Done> {
    const run = await this.#plan(life);
    const phases = (['control', 'main'] as const).filter((phase) => t0[phase] !== undefined);
    const made = aborted !== undefined || stuck !== undefined;
    await awaitRecords(run, life, { phases, made });
    return { event: { type: 'COLLECTED' } };
  }

  async #judge(context: RunContext, life: StepLife): Promise<Done> {
    const run = await this.#plan(life);
    await keepFaults(run, life, this.#seen);
    const { startedAtMs } = this.#run;
    const endedAtMs = context.sinceMs;
    const judgement = await judge(run, life, { plan: run.plan, context, startedAtMs, endedAtMs });
    const reasons = judgement.reasons.slice(0, 32).map(({ text }) => text.slice(0, 1_024));
    // What is still to come from a node that is cut off may be judged later.
    if (judgement.verdict !== 'unknown') await closeRun(run, life);
    return { event: { type: 'JUDGED', verdict: judgement.verdict }, change: { reasons } };
  }

  /** For what goes on when the step that began it is over. */
  #lasting({ trouble }: StepLife): StepLife {
    return { signal: this.#over, trouble };
  }

  /** The scenario is read once. */
  #scenario(life: StepLife): Promise<LoadedRun> {
    this.#loaded ??= this.#read(this.#lasting(life)).catch((thrown: unknown) => {
      this.#loaded = undefined;
      throw thrown;
    });
    return this.#loaded;
  }

  async #read(life: StepLife): Promise<LoadedRun> {
    const part = await insist(life, 'reading the scenario', () => this.#run.parts.get('scenario'));
    if (part === undefined) throw new PosternError('SCENARIO_INVALID', 'the scenario is not stored any more');
    const replay = await insist(life, 'reading what is done again', () => this.#run.parts.get('replay'));
    return {
      ...this.#run,
      scenario: storedScenario(part, this.#run.planHash() !== undefined),
      seed: part.seed,
      replay,
    };
  }

  /** The plan is made once, of the nodes that were gathered; from then on they are looked at. */
  #plan(life: StepLife): Promise<PlannedRun> {
    this.#planned ??= this.#makePlan(this.#lasting(life)).catch((thrown: unknown) => {
      this.#planned = undefined;
      throw thrown;
    });
    return this.#planned;
  }

  async #makePlan(life: StepLife): Promise<PlannedRun> {
    const loaded = await this.#scenario(life);
    const gathered = await insist(life, 'what nodes there are', () => loaded.parts.get('nodes'));
    if (gathered === undefined) throw new PosternError('RUN_LOST', 'it is not stored which nodes take part');
    const { scenario, replay } = loaded;
    const plan = samePlan({ scenario, nodes: gathered, replay }, this.#run.planHash());
    return { ...loaded, plan, lookout: this.#look(plan) };
  }

  #look(plan: Plan): Lookout {
    const { run, calls, bus, now, log } = this.#run;
    return new Lookout({
      calls,
      run,
      nodes: plan.nodes,
      withFaults: new Set(plan.faults.map(({ node }) => node)),
      signal: this.#over,
      looked: (seen) => {
        this.#seen = seen;
        bus.publish(subjects.runProgress, { run }, progressOf(seen, plan, now()));
      },
      failed: (thrown) => log.error({ run, err: thrown }, 'how far the nodes of a run are was not told'),
    });
  }
}
