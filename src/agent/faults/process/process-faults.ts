import { randomUUID } from 'node:crypto';
import { errorText, PosternError } from '../../../errors.js';
import { guarded } from '../guarded.js';
import type { GuardianLink } from '../guardian-link.js';
import type { Ability, Act, Asked, Canary, Healed, Injection, Injector, Proving } from '../injection.js';
import type { Undo } from '../undo.js';
import type { UndoShelf } from '../undo-shelf.js';
import { putClockWrong } from './clock.js';
import { clockCanary } from './clock-canary.js';
import { type DaemonProcesses, findDaemon } from './daemon-process.js';
import { faketimeFor } from './faketime.js';
import { launchOrderOf } from './launch.js';
import { provingProcess } from './process-canaries.js';
import { killProcesses, type ProcessRef, stopProcesses } from './signals.js';

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
  /** Canaries on ways that go on whatever becomes of the daemon. */
  readonly spared?: () => Canary[];
}

/** Stops, kills and restarts the process that listens at the daemon's address, and puts its clock wrong. */
export class ProcessFaults implements Injector {
  readonly #options: ProcessFaultsOptions;
  /** The fault that has the daemon. */
  #acting: string | undefined;

  constructor(options: ProcessFaultsOptions) {
    this.#options = options;
  }

  async ability({ kind }: Act): Promise<Ability> {
    try {
      const { head } = await findDaemon(this.#options.target());
      if (kind !== 'clock') return { by: 'signal' };
      await this.#faketimeFor(head);
      return { by: 'faketime' };
    } catch (thrown) {
      const code = thrown instanceof PosternError ? thrown.code : 'DAEMON_NOT_FOUND';
      return { code, message: errorText(thrown) };
    }
  }

  async proving(act: Act): Promise<Proving> {
    const target = this.#options.target();
    const spared = this.#options.spared?.() ?? [];
    if (act.kind !== 'clock') return provingProcess(act, target, spared);
    const canaries = [clockCanary(target, act.shape.clockMs), ...spared];
    return { canaries, expects: { sees: 'change', lasts: 'while' } };
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
    const ended = [...all];
    if (asked.kind === 'pause') {
      return this.#act(asked, { do: 'continue', processes: ended }, () => stopProcesses(all));
    }
    if (asked.kind === 'clock') {
      const library = await this.#faketimeFor(head);
      const order = await launchOrderOf(head, address, output);
      const mark = randomUUID();
      const wrong = { all, order, library, mark, clockMs: asked.shape.clockMs };
      return this.#act(asked, { do: 'launch', order, ended, mark }, () => putClockWrong(wrong), 'faketime');
    }
    // Whoever supervises it ends with this agent, and so does it.
    if (supervised?.holds(head.pid) === true) return this.#killSupervised(found, supervised);
    const order = await launchOrderOf(head, address, output);
    return this.#act(asked, { do: 'launch', order, ended, mark: '' }, () => killProcesses(all));
  }

  /** The file of libfaketime for a daemon's process. Throws `UNSUPPORTED`. */
  async #faketimeFor(head: ProcessRef): Promise<string> {
    if (this.#options.supervised?.holds(head.pid) === true) {
      throw new PosternError(
        'UNSUPPORTED',
        'the clock cannot be put wrong: the agent supervises the daemon, which is started with the clock of the machine; start it beside the agent',
      );
    }
    return faketimeFor(head, process.env);
  }

  #act(
    asked: Asked,
    what: Undo,
    act: () => Promise<void>,
    by: 'signal' | 'faketime' = 'signal',
  ): Promise<Injection> {
    const over = () => {
      this.#acting = undefined;
    };
    return guarded(this.#options, asked, what, act, { by, over });
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
