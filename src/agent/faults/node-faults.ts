import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { replacePrivateFile } from '../../private-file.js';
import { diskFiles } from '../journal/files.js';
import { NodeFault } from './fault.js';
import type { FaultFact } from './fault-fact.js';
import { type FaultPage, faultPage } from './fault-page.js';
import type { FaultSurroundings } from './fault-surroundings.js';
import type { Healed, Injector, Refusal } from './injection.js';
import { type FaultPlan, isSamePlan, neighboursOf, readFaultPlan } from './plan.js';
import { refuseItself, tooLong, whoMeets } from './refusals.js';

/** The most faults of one run, and of all runs. */
export const mostPerRun = 1_000;
const mostFaults = 10_000;
/** Faults that act may take so long to end when the agent stops, milliseconds. */
const endWithinMs = 10_000;
/** How long a call waits for a fault that it has ended to act no more, milliseconds. */
const healWithinMs = 10_000;

/** What the faults of a node need. */
export interface NodeFaultsOptions {
  /** Their own directory, of one process at a time. */
  readonly directory: string;
  readonly node: string;
  /** Does faults, and tells what can be done. */
  readonly injector: Injector;
  /** The longest that a fault may last here, milliseconds. */
  readonly longestMs: number;
  /** Undoes what an earlier agent has left of a fault. */
  readonly undoLeft: (name: string) => Promise<Healed>;
  /** What was undone of a fault needs to be known no more. */
  readonly forget: (name: string) => Promise<void>;
  /** Records a fact in the journals of the run's tests. Never rejects. */
  readonly note: (plan: FaultPlan, fact: FaultFact) => Promise<void>;
  readonly publish: FaultSurroundings['publish'];
  readonly log: Logger;
}

/** All faults of an agent, in `<directory>/runs/<run>/<fault>.json`. */
export class NodeFaults {
  readonly #options: NodeFaultsOptions;
  readonly #faults = new Map<string, NodeFault>();
  /** Those that are being made. */
  readonly #making = new Map<string, Promise<NodeFault>>();

  private constructor(options: NodeFaultsOptions) {
    this.#options = options;
  }

  /** Takes up the faults that an earlier agent has left. Throws what the directory may refuse. */
  static async open(options: NodeFaultsOptions): Promise<NodeFaults> {
    const faults = new NodeFaults(options);
    const runs = join(options.directory, 'runs');
    await diskFiles.makeDirectory(runs);
    for (const run of await diskFiles.list(runs)) {
      for (const name of await diskFiles.list(join(runs, run))) await faults.#open(join(runs, run, name));
    }
    for (const fault of faults.#faults.values()) fault.live();
    return faults;
  }

  get injector(): Injector {
    return this.#options.injector;
  }

  /** The longest that a fault may last here, milliseconds. */
  get longestMs(): number {
    return this.#options.longestMs;
  }

  get(run: string, name: string): NodeFault | undefined {
    return this.#faults.get(keyOf(run, name));
  }

  /** Those of a run, or all, by run and time. */
  all(run: string): NodeFault[] {
    return [...this.#faults.values()]
      .filter(({ plan }) => run === '' || plan.run === run)
      .sort((one, other) =>
        one.plan.run === other.plan.run
          ? one.plan.atMs - other.plan.atMs
          : one.plan.run < other.plan.run
            ? -1
            : 1,
      );
  }

  /**
   * Makes a fault that comes by itself; once more with the same content gives the one that is there. One that cannot be
   * done here is there too, refused and not armed, until another one of its name takes its place. `doer` is the actor at whose wish, as `machine/id`. Throws `FAULT_INVALID`, `FAULT_EXISTS`, `TOO_MANY_FAULTS`, `DATA_UNUSABLE`.
   */
  async arm(asked: unknown, doer?: string): Promise<NodeFault> {
    const plan = readFaultPlan(asked, Date.now());
    refuseItself(plan, this.#options.node);
    const key = keyOf(plan.run, plan.fault);
    const making = this.#making.get(key) ?? this.#make(plan, doer);
    this.#making.set(key, making);
    try {
      const fault = await making;
      if (isSamePlan(plan, fault.plan)) return fault;
      throw new PosternError(
        'FAULT_EXISTS',
        `there is another fault '${plan.fault}' of the run '${plan.run}' here; give this one another name`,
      );
    } finally {
      this.#making.delete(key);
    }
  }

  /** Those of a run that act now, as they were noted when they began. */
  acting(run: string): { plan: FaultPlan; fact: FaultFact }[] {
    return this.all(run).flatMap((fault) => {
      const { by, injectedAtMs } = fault.snapshot().context;
      if (!fault.acts || by === undefined || injectedAtMs === undefined) return [];
      return [{ plan: fault.plan, fact: { phase: 'injected', atMs: injectedAtMs, by, why: undefined } }];
    });
  }

  /** Ends a fault, or takes it back; resolves when it acts no more, or when that takes long. Throws `FAULT_UNKNOWN`. */
  async heal(run: string, name: string, doer?: string): Promise<NodeFault> {
    const fault = this.#faults.get(keyOf(run, name));
    if (fault === undefined) {
      throw new PosternError('FAULT_UNKNOWN', `there is no fault '${name}' of the run '${run}' here`);
    }
    await this.#heal([fault], healWithinMs, doer);
    return fault;
  }

  /** The same with all of a run, or of all runs, that have not ended. */
  async healAll(run: string, doer?: string): Promise<NodeFault[]> {
    const open = this.all(run).filter((fault) => !fault.isOver);
    await this.#heal(open, healWithinMs, doer);
    return open;
  }

  /** The run is closed: its faults are ended and forgotten. */
  async closeRun(run: string): Promise<void> {
    await this.#heal(
      this.all(run).filter((fault) => !fault.isOver),
      healWithinMs,
    );
    for (const fault of this.all(run)) {
      await fault.stop();
      this.#faults.delete(keyOf(run, fault.plan.fault));
    }
    await diskFiles.remove(join(this.#options.directory, 'runs', run));
  }

  /** Keeps nothing of a fault that is over. */
  async forget(run: string, name: string): Promise<void> {
    const fault = this.#faults.get(keyOf(run, name));
    if (fault === undefined || !fault.isOver) return;
    await fault.stop();
    this.#faults.delete(keyOf(run, name));
    await diskFiles.remove(join(this.#options.directory, 'runs', run, `${name}.json`));
  }

  /** Ends what acts; the others come when an agent takes them up again. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#making.values());
    const acting = this.all('').filter((fault) => fault.acts);
    await Promise.all(acting.map((fault) => fault.heal(undefined)));
    await Promise.all(acting.map((fault) => settled(fault, endWithinMs, () => !fault.acts)));
    for (const fault of this.#faults.values()) await fault.stop();
    this.#faults.clear();
  }

  async #heal(faults: readonly NodeFault[], limitMs: number, doer?: string): Promise<void> {
    await Promise.all(
      faults.map(async (fault) => {
        await fault.heal(doer);
        await settled(fault, limitMs, () => fault.isOver);
      }),
    );
  }

  async #make(plan: FaultPlan, doer: string | undefined): Promise<NodeFault> {
    const key = keyOf(plan.run, plan.fault);
    const present = this.#faults.get(key);
    if (present !== undefined && (present.wasArmed || isSamePlan(plan, present.plan))) return present;
    if (present === undefined) this.#refuseMany(plan);
    // What was not even armed has done nothing, and has no name to keep; of what failed later something may be left.
    else await this.forget(plan.run, plan.fault);
    const refusal = await this.#refusal(plan);
    const { longestMs: capMs } = this.#options;
    const fault = this.#newFault({ plan: { ...plan, capMs }, past: [], dropped: 0 });
    fault.live();
    try {
      await fault.arm(refusal, doer);
    } catch (thrown) {
      await fault.stop();
      throw thrown;
    }
    this.#faults.set(key, fault);
    return fault;
  }

  #refuseMany({ run }: FaultPlan): void {
    const making = [...this.#making.keys()];
    const ofRun = this.all(run).length + making.filter((one) => one.startsWith(keyOf(run, ''))).length;
    if (ofRun < mostPerRun && this.#faults.size + making.length < mostFaults) return;
    throw new PosternError(
      'TOO_MANY_FAULTS',
      `this agent keeps ${mostPerRun} faults of a run, and ${mostFaults} in all`,
      { hint: 'close runs that are over' },
    );
  }

  /** What can never be done here is refused at once; whether there is a daemon is asked when its time has come. */
  async #refusal(plan: FaultPlan): Promise<Refusal | undefined> {
    const { injector, longestMs } = this.#options;
    const long = tooLong(plan, longestMs);
    if (long !== undefined) return long;
    const ability = await injector.ability(plan);
    if ('code' in ability && ability.code === 'UNSUPPORTED') return ability;
    return whoMeets(plan, ability, this.all(''), injector);
  }

  #newFault(page: Omit<FaultPage, 'v'>): NodeFault {
    const { node, injector, undoLeft, note, publish, log } = this.#options;
    return new NodeFault(page, {
      node,
      prepare: (asked) => injector.prepare(asked),
      proving: (asked) =>
        injector.proving({ ...asked, neighbours: neighboursOf(asked) }, intentName(asked.run, asked.fault)),
      meanwhile: (asked, sinceMs) => this.#actedSince(asked, sinceMs),
      inject: ({ run, fault, kind, shape }, endsAtMs) =>
        injector.inject({ kind, shape, name: intentName(run, fault), endsAtMs }),
      undoLeft: ({ run, fault }) => undoLeft(intentName(run, fault)),
      save: (saved) => this.#save(saved),
      note,
      publish,
      log,
    });
  }

  /** Names of other faults that acted here since then, or do. */
  #actedSince({ run, fault }: FaultPlan, sinceMs: number): string[] {
    return this.all('').flatMap((one) => {
      const { injectedAtMs, healedAtMs = Number.POSITIVE_INFINITY } = one.snapshot().context;
      const isOther = one.plan.run !== run || one.plan.fault !== fault;
      return isOther && injectedAtMs !== undefined && healedAtMs >= sinceMs ? [one.plan.fault] : [];
    });
  }

  async #save(page: FaultPage): Promise<void> {
    const { run, fault } = page.plan;
    const directory = join(this.#options.directory, 'runs', run);
    await replacePrivateFile(join(directory, `${fault}.json`), JSON.stringify(page));
    await diskFiles.syncDirectory(directory);
    if (page.past.at(-1)?.type === 'HEALED') await this.#options.forget(intentName(run, fault));
  }

  async #open(path: string): Promise<void> {
    // a draft of a process that was killed
    if (!path.endsWith('.json')) return diskFiles.remove(path);
    try {
      const page = faultPage.parse(JSON.parse(await readFile(path, 'utf8')));
      this.#faults.set(keyOf(page.plan.run, page.plan.fault), this.#newFault(page));
    } catch (thrown) {
      this.#options.log.error({ path, err: errorText(thrown) }, 'a fault cannot be read');
    }
  }
}

/** The name of a fault's intent among those of all runs. */
export function intentName(run: string, fault: string): string {
  return `${run}.${fault}`;
}

/** Resolves when a fault has come so far, is stuck, or when the time is up. */
function settled(fault: NodeFault, limitMs: number, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo() && fault.state !== 'stuck') return;
      clearTimeout(timer);
      stop();
      resolve();
    };
    const stop = fault.onTransition(look);
    const timer = setTimeout(() => {
      stop();
      resolve();
    }, limitMs);
    look();
  });
}

function keyOf(run: string, fault: string): string {
  return `${run}/${fault}`;
}
