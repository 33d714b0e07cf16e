import type { FaultProgress, NodeProgress, Run, WatchRunResponse } from '../../gen/postern/v1/runs.js';

/** Something that has happened in a run. */
export type News =
  | { readonly kind: 'state'; readonly atMs: number; readonly state: string }
  | { readonly kind: 'fault'; readonly atMs: number; readonly fault: FaultProgress; readonly now: FaultNow }
  | { readonly kind: 'node'; readonly atMs: number; readonly node: string; readonly reached: boolean }
  | { readonly kind: 'waits' | 'tally'; readonly atMs: number; readonly text: string }
  | { readonly kind: 'warning'; readonly atMs: number; readonly text: string }
  | { readonly kind: 'controller'; readonly atMs: number; readonly controller: string };

/**
 * What a fault does now. `presumed`: it should act, but its node is out of reach and has not said so.
 * `odd`: something became of it that was not planned.
 */
export type FaultNow = 'coming' | 'acting' | 'presumed' | 'over' | 'odd';

const odd: ReadonlySet<string> = new Set(['refused', 'missed', 'cancelled', 'stuck']);

/** What is known of a run, message by message, and what is new in each. */
export class RunStory {
  readonly #clock: () => number;
  #run: Run | undefined;
  #waitsFor = '';
  #nodes: readonly NodeProgress[] = [];
  #faults: readonly FaultProgress[] = [];
  readonly #told = new Map<string, FaultNow>();
  readonly #unreached = new Set<string>();
  /** Controller's clock less ours, milliseconds; the largest that was seen: news come late, never early. */
  #offsetMs: number | undefined;

  /** @param clock Unix milliseconds */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** What its present step waits for; empty: nothing that is known. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  get run(): Run | undefined {
    return this.#run;
  }

  get nodes(): readonly NodeProgress[] {
    return this.#nodes;
  }

  /** The faults with what they do now. */
  get faults(): { readonly fault: FaultProgress; readonly now: FaultNow }[] {
    return this.#faults.map((fault) => ({ fault, now: this.#nowOf(fault) }));
  }

  /** Unix milliseconds of the controller's clock, as far as it is known: taken from the changes that were seen live. */
  get nowMs(): number {
    return this.#clock() + (this.#offsetMs ?? 0);
  }

  /** The next message; what it tells that was not known. */
  take({ run, nodes, faults, waitsFor }: WatchRunResponse): News[] {
    if (run === undefined) return [];
    const before = this.#run;
    this.#run = run;
    this.#waitsFor = waitsFor;
    if (nodes.length > 0) this.#nodes = nodes;
    if (faults.length > 0) this.#faults = faults;
    const seen = before?.phases.length ?? 0;
    const phases = run.phases.slice(seen);
    const latest = phases.at(-1);
    if (before !== undefined && latest !== undefined) {
      const seenMs = latest.sinceMs - this.#clock();
      this.#offsetMs = Math.max(seenMs, this.#offsetMs ?? seenMs);
    }
    const news: News[] = phases.map(({ state, sinceMs }) => ({ kind: 'state', atMs: sinceMs, state }));
    if (before !== undefined && run.term !== before.term) {
      news.push({ kind: 'controller', atMs: this.nowMs, controller: run.controller });
    }
    for (const text of run.warnings.slice(before?.warnings.length ?? 0)) {
      news.push({ kind: 'warning', atMs: run.startedAtMs, text });
    }
    return [...news, ...this.#nodeNews(), ...this.tick()];
  }

  /** What is new because time goes by: a fault on a node that is out of reach acts by the plan. */
  tick(): News[] {
    if (this.#run === undefined) return [];
    return this.faults.flatMap(({ fault, now }) => {
      const key = `${fault.node}/${fault.fault}`;
      const before = this.#told.get(key) ?? 'coming';
      this.#told.set(key, now);
      if (now === before || now === 'coming') return [];
      // What acts by the plan and then says so is no news.
      if (now === 'acting' && before === 'presumed') return [];
      const planned = now === 'over' ? fault.toMs : fault.fromMs;
      return [{ kind: 'fault', atMs: now === 'odd' ? this.nowMs : planned, fault, now } satisfies News];
    });
  }

  #nodeNews(): News[] {
    return this.#nodes.flatMap(({ node, reached }) => {
      if (reached !== this.#unreached.has(node)) return [];
      if (reached) this.#unreached.delete(node);
      else this.#unreached.add(node);
      return [{ kind: 'node', atMs: this.nowMs, node, reached } satisfies News];
    });
  }

  #nowOf({ node, state, fromMs, toMs }: FaultProgress): FaultNow {
    const [top = ''] = state.split('.');
    if (odd.has(top)) return 'odd';
    if (top === 'healed') return 'over';
    const out = this.#unreached.has(node);
    const now = this.nowMs;
    if (top === 'injected' || top === 'healing') return out && now >= toMs ? 'over' : 'acting';
    if (!out || now < fromMs) return 'coming';
    return now < toMs ? 'presumed' : 'over';
  }
}
