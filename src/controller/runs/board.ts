import type { Bus, Stop, Store } from '../../bus/bus.js';
import { Outbox } from '../../bus/outbox.js';
import type { RunEntry, RunPart, RunPartOf } from '../../bus/run-messages.js';
import { stores, subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { NodeCalls } from '../nodes/node-calls.js';
import { Superseded } from '../steps/step.js';
import { Conductor } from './conductor.js';
import { RunLedger } from './ledger.js';
import { RunParts } from './parts.js';

/** Who conducts a run that its controller has given up. */
const nobody = 'nobody';
/** Within the time that a run may be silent, its controller tells so many times that it lives. */
const beatsPerLease = 5;
/** How often runs are looked through for silent ones, milliseconds. */
const lookMs = 250;
/** A controller conducts at most so many runs at once. */
const mostConducted = 32;
/** So many of the runs that have ended are remembered. */
const mostEnded = 1_000;

interface Known {
  readonly entry: RunEntry;
  readonly revision: number;
  /** When this revision was first seen, by our own clock. */
  readonly sinceMs: number;
}

interface Conducted {
  readonly ledger: RunLedger;
  readonly conductor: Conductor;
}

/** What a board needs. */
export interface BoardOptions {
  readonly bus: Bus;
  readonly calls: NodeCalls;
  /** This controller's own name, one subject token. */
  readonly controller: string;
  /** A run whose entry has not changed for so long, by our own clock, is taken over, milliseconds. */
  readonly leaseMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

/** All runs there are: those that nobody conducts are taken over, and the entries of all are at hand. */
export class RunBoard {
  readonly #options: BoardOptions;
  readonly #runs: Store<RunEntry>;
  readonly #parts: Store<RunPart>;
  readonly #known = new Map<string, Known>();
  readonly #conducted = new Map<string, Conducted>();
  readonly #taking = new Set<string>();
  readonly #listeners = new Set<(run: string, entry: RunEntry | undefined) => void>();
  readonly #transitions = new Outbox();
  #stops: Stop[] = [];
  #stopped = false;

  private constructor(options: BoardOptions, runs: Store<RunEntry>, parts: Store<RunPart>) {
    this.#options = options;
    this.#runs = runs;
    this.#parts = parts;
  }

  /** Opens the buckets and learns what runs there are. Throws `STORE_UNAVAILABLE`. */
  static async open(options: BoardOptions): Promise<RunBoard> {
    const [runs, parts] = await Promise.all([
      options.bus.store(stores.runs),
      options.bus.store(stores.runParts),
    ]);
    const board = new RunBoard(options, runs, parts);
    board.#transitions.use(options.bus);
    const watch = runs.watch((key, entry) => board.#heard(key, entry?.value, entry?.revision ?? 0));
    await watch.ready;
    const beats = setInterval(() => board.#beat(), options.leaseMs / beatsPerLease);
    const looks = setInterval(() => board.#look(), lookMs);
    board.#stops = [watch.stop, () => clearInterval(beats), () => clearInterval(looks)];
    return board;
  }

  /** The runs that are known, the newest first. */
  get entries(): RunEntry[] {
    return [...this.#known.values()]
      .map(({ entry }) => entry)
      .sort((a, b) => b.startedAtMs - a.startedAtMs || (a.run < b.run ? 1 : -1));
  }

  entry(run: string): RunEntry | undefined {
    return this.#known.get(run)?.entry;
  }

  partsOf(run: string): RunParts {
    return new RunParts(this.#parts, run, () => this.#forgetOldest());
  }

  /** Hears each change of an entry; undefined: it is gone. */
  onChange(listener: (run: string, entry: RunEntry | undefined) => void): Stop {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins a run. Throws `RUN_EXISTS`, `TOO_MANY_RUNS`, `STORE_UNAVAILABLE`. */
  async begin(
    run: string,
    startedBy: string,
    scenario: RunPartOf<'scenario'>,
    replay?: RunPartOf<'replay'>,
  ): Promise<RunEntry> {
    if (this.#conducted.size + this.#taking.size >= mostConducted) {
      throw new PosternError('TOO_MANY_RUNS', `this controller conducts ${mostConducted} runs already`, {
        hint: 'wait until one has ended, or end one with `postern runs stop`',
      });
    }
    const startedAtMs = this.#options.now();
    const entry: RunEntry = {
      v: 1,
      run,
      startedBy: startedBy.slice(0, 256),
      startedAtMs,
      scenario: '',
      ...(replay === undefined ? {} : { replays: replay.run }),
      lease: { controller: this.#options.controller, term: 1, beat: 0 },
      events: [],
      phases: [{ state: 'loading', sinceMs: startedAtMs }],
      warnings: [],
      reasons: [],
    };
    this.#taking.add(run);
    try {
      await this.#prune();
      const known = await this.#runs.get(run);
      if (known !== undefined) throw exists(run);
      // What it is made of first: a run without one could not be taken over.
      const parts = this.partsOf(run);
      const revision = await parts
        .put(scenario)
        .then(() => (replay === undefined ? undefined : parts.put(replay)))
        .then(() => this.#runs.create(run, entry))
        .catch((thrown: unknown) => {
          // Somebody else begins one of this name right now.
          const beaten = thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT';
          throw beaten || thrown instanceof Superseded ? exists(run) : thrown;
        });
      this.#heard(run, entry, revision);
      this.#conduct(entry, revision);
    } finally {
      this.#taking.delete(run);
    }
    return entry;
  }

  /** Asks whoever conducts the run to end it. Throws `RUN_UNKNOWN`, `STORE_UNAVAILABLE`. */
  async askToStop(run: string, by: string, reason: string): Promise<RunEntry> {
    for (;;) {
      const found = await this.#runs.get(run);
      if (found === undefined) throw new PosternError('RUN_UNKNOWN', `there is no run '${run}'`);
      const { value, revision } = found;
      if (value.endedAtMs !== undefined || value.stop !== undefined) return value;
      const stop = { by: by.slice(0, 256), reason: reason.slice(0, 512), atMs: this.#options.now() };
      const next: RunEntry = { ...value, stop };
      try {
        await this.#runs.update(run, next, revision);
        return next;
      } catch (thrown) {
        if (!(thrown instanceof PosternError) || thrown.code !== 'STORE_CONFLICT') throw thrown;
      }
    }
  }

  /** Gives all runs away and stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    const given = [...this.#conducted.values()].map(async ({ ledger, conductor }) => {
      conductor.stop();
      await ledger.release(nobody);
    });
    await Promise.allSettled(given);
    this.#transitions.use(undefined);
  }

  #heard(run: string, entry: RunEntry | undefined, revision: number): void {
    if (entry === undefined) {
      this.#known.delete(run);
      this.#conducted.get(run)?.conductor.stop();
      for (const listener of this.#listeners) listener(run, undefined);
      return;
    }
    const known = this.#known.get(run);
    if (known !== undefined && known.revision >= revision) return;
    this.#known.set(run, { entry, revision, sinceMs: performance.now() });
    const conducted = this.#conducted.get(run);
    conducted?.ledger.heard(entry, revision);
    conducted?.conductor.look();
    for (const listener of this.#listeners) listener(run, entry);
  }

  #look(): void {
    for (const { entry, revision, sinceMs } of this.#known.values()) {
      const { run, lease, endedAtMs } = entry;
      if (endedAtMs !== undefined || this.#conducted.has(run) || this.#taking.has(run)) continue;
      if (lease.controller !== nobody && performance.now() - sinceMs < this.#options.leaseMs) continue;
      if (this.#conducted.size + this.#taking.size >= mostConducted) return;
      this.#taking.add(run);
      this.#take(entry, revision)
        .catch((thrown: unknown) =>
          this.#options.log.debug({ run, err: errorText(thrown) }, 'a run was not taken over'),
        )
        .finally(() => this.#taking.delete(run));
    }
  }

  async #take(entry: RunEntry, revision: number): Promise<void> {
    const { run, lease } = entry;
    const { controller, log } = this.#options;
    const next: RunEntry = { ...entry, lease: { controller, term: lease.term + 1, beat: 0 } };
    const taken = await this.#runs.update(run, next, revision);
    log.info({ run, term: next.lease.term, from: lease.controller }, 'took a run over');
    this.#heard(run, next, taken);
    this.#conduct(next, taken);
  }

  #conduct(entry: RunEntry, revision: number): void {
    if (this.#stopped) return;
    const { bus, calls, now, log } = this.#options;
    const { run, lease, startedAtMs } = entry;
    const conducted: { conductor?: Conductor } = {};
    const ledger = new RunLedger({
      store: this.#runs,
      entry,
      revision,
      superseded: () => conducted.conductor?.stop(),
      log,
    });
    const conductor = new Conductor({
      context: {
        run,
        term: lease.term,
        startedAtMs,
        bus,
        calls,
        parts: this.partsOf(run),
        planHash: () => ledger.entry.planHash,
        now,
        log,
      },
      ledger,
      publish: (transition) => this.#transitions.publish(subjects.runTransition, { run }, transition),
      over: () => this.#conducted.delete(run),
    });
    conducted.conductor = conductor;
    this.#conducted.set(run, { ledger, conductor });
    conductor.start();
  }

  #beat(): void {
    for (const { ledger } of this.#conducted.values()) {
      ledger.beat().catch((thrown: unknown) => this.#options.log.error({ err: thrown }, 'a beat failed'));
    }
  }

  /** Forgets the oldest runs that have ended, where there are too many. */
  async #prune(): Promise<void> {
    for (const { run } of this.#ended.slice(mostEnded)) await this.#forget(run);
  }

  /** Forgets the run that ended first; false: none has ended. */
  async #forgetOldest(): Promise<boolean> {
    const oldest = this.#ended.at(-1);
    if (oldest === undefined) return false;
    await this.#forget(oldest.run);
    this.#options.log.info({ run: oldest.run }, 'forgot a run that has ended, to make room');
    return true;
  }

  async #forget(run: string): Promise<void> {
    await this.partsOf(run).forget();
    await this.#runs.delete(run);
    this.#heard(run, undefined, 0);
  }

  get #ended(): RunEntry[] {
    return this.entries.filter(({ endedAtMs }) => endedAtMs !== undefined);
  }
}

function exists(run: string): PosternError {
  return new PosternError('RUN_EXISTS', `there is a run '${run}' already`, {
    hint: 'leave its name out, or choose another',
  });
}
