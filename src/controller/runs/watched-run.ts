import { once } from 'node:events';
import type { Bus, Stop } from '../../bus/bus.js';
import type { RunEntry, RunProgress } from '../../bus/run-messages.js';
import { subjects } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { FaultProgress, WatchRunResponse } from '../../gen/postern/v1/runs.js';
import { t0OfFault } from '../plan/fault-times.js';
import type { Plan } from '../plan/plan.js';
import type { RunBoard } from './board.js';
import { runView } from './run-view.js';
import { contextOf, storedPlan } from './stored-run.js';

/** A run for somebody who looks on: of what comes faster than they read, the latest counts. */
export class WatchedRun {
  readonly #run: string;
  readonly #board: RunBoard;
  readonly #stops: Stop[];
  readonly #news = new EventTarget();
  #entry: RunEntry | undefined;
  #progress: RunProgress | undefined;
  #waitsFor = '';
  #plan: Plan | undefined;
  #hasNews = true;

  constructor({ run, board, bus }: { run: string; board: RunBoard; bus: Bus }) {
    this.#run = run;
    this.#board = board;
    this.#entry = board.entry(run);
    this.#stops = [
      board.onChange((changed, entry) => {
        if (changed !== run || (entry !== undefined && sameForPeople(entry, this.#entry))) return;
        if (entry?.phases.length !== this.#entry?.phases.length) this.#waitsFor = '';
        this.#entry = entry;
        this.#tell();
      }),
      bus.subscribe(subjects.runProgress, { run }, ({ body }) => {
        if (body.waitsFor === undefined) this.#progress = body;
        else this.#waitsFor = body.waitsFor;
        this.#tell();
      }),
    ];
  }

  /** What it is now, then what becomes of it, until it has ended. Throws `RUN_UNKNOWN` when its entry is gone. */
  async *messages(signal: AbortSignal): AsyncGenerator<WatchRunResponse> {
    for (;;) {
      if (!this.#hasNews) await once(this.#news, 'news', { signal });
      this.#hasNews = false;
      const entry = this.#entry;
      if (entry === undefined) {
        throw new PosternError('RUN_UNKNOWN', `the run '${this.#run}' is not stored any more`, {
          hint: 'the NATS server has lost it: begin another one',
        });
      }
      yield await this.#message(entry);
      if (entry.endedAtMs !== undefined) return;
    }
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #tell(): void {
    this.#hasNews = true;
    this.#news.dispatchEvent(new Event('news'));
  }

  async #message(entry: RunEntry): Promise<WatchRunResponse> {
    const parts = this.#board.partsOf(this.#run);
    if (this.#plan === undefined && entry.planHash !== undefined) this.#plan = await storedPlan(entry, parts);
    const plan = this.#plan;
    return {
      run: runView(
        entry,
        plan?.nodes.map((name) => ({ name })),
      ),
      nodes: this.#progress?.nodes ?? [],
      faults: plan === undefined ? [] : faultsOf(entry, plan, this.#progress),
      waitsFor: this.#waitsFor,
    };
  }
}

/** A beat changes nothing that anybody wants to see. */
function sameForPeople(entry: RunEntry, before: RunEntry | undefined): boolean {
  return (
    before !== undefined &&
    entry.lease.term === before.lease.term &&
    entry.events.length === before.events.length &&
    (entry.stop === undefined) === (before.stop === undefined)
  );
}

/** The faults of the phases that have a T0. */
function faultsOf(entry: RunEntry, { faults }: Plan, progress: RunProgress | undefined): FaultProgress[] {
  const { t0 } = contextOf(entry);
  const states = new Map(progress?.faults.map(({ node, fault, state }) => [`${node}/${fault}`, state]));
  return faults.flatMap((planned) => {
    const t0Ms = t0OfFault(planned, t0);
    if (t0Ms === undefined) return [];
    const { fault, node, kind, atMs, forMs } = planned;
    const state = states.get(`${node}/${fault}`) ?? '';
    return [{ fault, node, kind, fromMs: t0Ms + atMs, toMs: t0Ms + atMs + forMs, state }];
  });
}
