import { isObject } from '../../../../run-file/format.js';
import type { FaultTrack, RunFacts, RunRecord, TestTrack } from './record.js';
import { contextOf, partOf, type ToldTransition, textIn, timeIn } from './told.js';
import { Track } from './track.js';

/** What a hub tells while a run goes on, as `WatchRunResponse` of runs.proto has it. */
export interface RunNews {
  readonly run?: RunFacts | undefined;
  readonly nodes: readonly {
    readonly node: string;
    readonly reached: boolean;
    readonly tests: readonly {
      readonly test: string;
      readonly state: string;
      readonly sent: number;
      readonly amount: number;
      readonly received: number;
      readonly troubled: number;
    }[];
  }[];
  readonly faults: readonly {
    readonly fault: string;
    readonly node: string;
    readonly kind: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly state: string;
  }[];
  readonly waitsFor: string;
}

/** Fills the record of a run that goes on. */
export class LiveRun {
  #facts: RunFacts | undefined;
  readonly #tests = new Map<string, TestTrack>();
  readonly #faults = new Map<string, FaultTrack>();
  readonly #reached = new Map<string, Track<boolean>>();
  readonly #waitsFor = new Track<string>();
  readonly #sent = new Track<number>();
  readonly #received = new Track<number>();
  /** The controller's clock less ours, milliseconds. */
  #offsetMs = 0;

  /** What is known; undefined before anything was told. */
  get record(): RunRecord | undefined {
    if (this.#facts === undefined) return undefined;
    return {
      facts: this.#facts,
      tests: [...this.#tests.values()],
      faults: [...this.#faults.values()],
      reached: this.#reached,
      waitsFor: this.#waitsFor,
      sent: this.#sent,
      received: this.#received,
      judged: undefined,
    };
  }

  /** The controller's time, as well as it is known. */
  nowMs(ourMs: number): number {
    return ourMs + this.#offsetMs;
  }

  /** Takes what came at `ourMs`. */
  take(news: RunNews, ourMs: number): void {
    const { run } = news;
    if (run !== undefined) {
      // A state that has just begun tells the controller's time.
      const last = run.phases.at(-1);
      const isNew = this.#facts !== undefined && run.phases.length > this.#facts.phases.length;
      if (isNew && last !== undefined) this.#offsetMs = last.sinceMs - ourMs;
      this.#facts = run;
    }
    const atMs = this.nowMs(ourMs);
    this.#waitsFor.add(atMs, news.waitsFor);
    for (const { node, reached, tests } of news.nodes) {
      this.#trackOf(node).add(atMs, reached);
      for (const test of tests) this.#takeTest(node, test, atMs);
    }
    if (news.nodes.length > 0) this.#sumUp(atMs);
    for (const fault of news.faults) this.#takeFault(fault, atMs);
  }

  /** Takes a transition of one of its actors; it tells states earlier than the controller can. */
  hear(transition: ToldTransition): void {
    const part = this.#facts === undefined ? undefined : partOf(transition, this.#facts.run);
    if (part === undefined) return;
    const key = `${part.node}/${part.name}`;
    if (transition.machine === 'test') {
      this.#tests.get(key)?.state.add(transition.atMs, transition.to);
      return;
    }
    const fault = this.#faults.get(key);
    if (fault === undefined) return;
    const context = contextOf(transition);
    fault.state.add(transition.atMs, transition.to);
    fault.injectedAtMs = timeIn(context, 'injectedAtMs') ?? fault.injectedAtMs;
    fault.healedAtMs = timeIn(context, 'healedAtMs') ?? fault.healedAtMs;
    fault.shape = textIn(context, 'shape') ?? fault.shape;
    const proof = isObject(context.proof) ? context.proof : {};
    fault.proof = textIn(proof, 'outcome') ?? fault.proof;
    fault.reason = textIn(proof, 'reason') ?? fault.reason;
  }

  #takeTest(node: string, told: RunNews['nodes'][number]['tests'][number], atMs: number): void {
    const key = `${node}/${told.test}`;
    const found = this.#tests.get(key) ?? {
      node,
      test: told.test,
      amount: told.amount,
      state: new Track<string>(),
      sent: new Track<number>(),
      received: new Track<number>(),
      troubled: new Track<number>(),
    };
    this.#tests.set(key, found);
    found.amount = told.amount;
    found.state.add(atMs, told.state);
    found.sent.add(atMs, told.sent);
    found.received.add(atMs, told.received);
    found.troubled.add(atMs, told.troubled);
  }

  #takeFault(told: RunNews['faults'][number], atMs: number): void {
    const key = `${told.node}/${told.fault}`;
    const found = this.#faults.get(key) ?? {
      fault: told.fault,
      node: told.node,
      kind: told.kind,
      shape: '',
      plannedFromMs: told.fromMs,
      plannedToMs: told.toMs,
      injectedAtMs: undefined,
      healedAtMs: undefined,
      proof: undefined,
      reason: undefined,
      state: new Track<string>(),
    };
    this.#faults.set(key, found);
    if (told.state !== '') found.state.add(atMs, told.state);
  }

  #sumUp(atMs: number): void {
    let [sent, received] = [0, 0];
    for (const test of this.#tests.values()) {
      sent += test.sent.at(atMs) ?? 0;
      received += test.received.at(atMs) ?? 0;
    }
    this.#sent.add(atMs, sent);
    this.#received.add(atMs, received);
  }

  #trackOf(node: string): Track<boolean> {
    const found = this.#reached.get(node) ?? new Track<boolean>();
    this.#reached.set(node, found);
    return found;
  }
}
