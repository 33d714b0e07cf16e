import { errorText, PosternError } from '../../errors.js';
import { type DaemonProcesses, findDaemon } from './daemon-process.js';
import type { GuardianLink } from './guardian-link.js';
import type { Ability, Asked, Healed, Injection, Injector } from './injection.js';
import { launchOrderOf } from './launch.js';
import type { FaultKind } from './plan.js';
import { killProcesses, stopProcesses } from './signals.js';
import type { Undo } from './undo.js';
import type { UndoShelf } from './undo-shelf.js';

/** A daemon that the agent itself supervises. */
export interface SupervisedDaemon {
  /** Whether a process belongs to it. */
  holds(pid: number): boolean;
  /** Starts it again; rejects where it does not stay up. */
  start(): Promise<void>;
}

/** What faults of the daemon's process need. */
export interface ProcessFaultsOptions {
  /** Where the daemon listens now. */
  readonly target: () => string;
  readonly undo: UndoShelf;
  readonly guardian: GuardianLink;
  /** File that takes what a daemon writes that was started again. */
  readonly output: string;
  readonly supervised?: SupervisedDaemon | undefined;
}

/** Stops, kills and restarts the process that listens at the daemon's address. */
export class ProcessFaults implements Injector {
  readonly #options: ProcessFaultsOptions;
  /** The fault that has the daemon. */
  #acting: string | undefined;

  constructor(options: ProcessFaultsOptions) {
    this.#options = options;
  }

  async ability(_: FaultKind): Promise<Ability> {
    try {
      await findDaemon(this.#options.target());
      return { by: 'signal' };
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'DAEMON_NOT_FOUND';
      return { code, message: errorText(thrown) };
    }
  }

  prepare(): Promise<() => void> {
    return this.#options.guardian.atHand();
  }

  async inject(asked: Asked): Promise<Injection> {
    if (this.#acting !== undefined) {
      throw new PosternError('FAULT_BUSY', `the fault ${this.#acting} has the daemon's process`);
    }
    this.#acting = asked.name;
    try {
      return await this.#inject(asked);
    } catch (thrown) {
      this.#acting = undefined;
      throw thrown;
    }
  }

  async #inject(asked: Asked): Promise<Injection> {
    const { target, output, supervised } = this.#options;
    const address = target();
    const found = await findDaemon(address);
    const { all, head } = found;
    if (asked.kind === 'pause') {
      return this.#act(asked, { do: 'continue', processes: [...all] }, () => stopProcesses(all));
    }
    // Whoever supervises it ends with this agent, and so does it.
    if (supervised?.holds(head.pid) === true) return this.#killSupervised(found, supervised);
    const order = await launchOrderOf(head, address, output);
    return this.#act(asked, { do: 'launch', order }, () => killProcesses(all));
  }

  /** Does it when what undoes it is safe; when it fails, what was done of it is undone. */
  async #act({ name, endsAtMs }: Asked, what: Undo, act: () => Promise<void>): Promise<Injection> {
    const { undo, guardian } = this.#options;
    await undo.put(name, what, endsAtMs);
    let release = () => {};
    try {
      release = await guardian.watch();
      await act();
    } catch (thrown) {
      await undo.undo(name);
      release();
      throw thrown;
    }
    return {
      by: 'signal',
      atMs: Date.now(),
      heal: async () => {
        const healed = await undo.undo(name);
        release();
        this.#acting = undefined;
        return healed ?? { atMs: Date.now() };
      },
    };
  }

  async #killSupervised({ all }: DaemonProcesses, supervised: SupervisedDaemon): Promise<Injection> {
    await killProcesses(all);
    return {
      by: 'signal',
      atMs: Date.now(),
      heal: async (): Promise<Healed> => {
        await supervised.start();
        this.#acting = undefined;
        return { atMs: Date.now() };
      },
    };
  }
}
