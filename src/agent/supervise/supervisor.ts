import { stateName } from '../../../machines/state-name.js';
import {
  type ProcessEvent,
  type ProcessSnapshot,
  processMachine,
} from '../../../machines/supervised-process.js';
import { workingClock } from '../../actors/clock.js';
import { safeEffects } from '../../actors/effects.js';
import { type RunningActor, startActor } from '../../actors/host.js';
import type { Transition } from '../../bus/messages.js';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { environmentOf, type ProcessConfig } from './config.js';
import { KeeperLink } from './keeper-link.js';
import type { KeeperReport } from './keeper-messages.js';
import { endLeftovers } from './leftovers.js';
import { leftOf, ownerOf, selfMark, sendSignal } from './process-marks.js';
import { TurnQueue } from './turn-queue.js';

/** What came of a start or a stop. */
export type Outcome = 'nochange' | 'success' | 'failed';
/** What came of a restart: done, or failed with the process still there, or without one. */
export type RestartOutcome = 'success' | 'failedStarted' | 'failedStopped';

/** So many calls may wait for their turn. */
const mostWaiting = 32;
/** How often is looked for what a keeper has left behind, in milliseconds. */
const lookEveryMs = 50;

type ProcessEffect = 'launch' | 'terminate' | 'kill';

/** Runs the `process` machine of an agent: starts, watches and ends one process with all that it has started. */
export class Supervisor {
  readonly #config: ProcessConfig;
  readonly #log: Logger;
  readonly #actor: RunningActor<typeof processMachine>;
  readonly #turns = new TurnQueue(mostWaiting);
  /** Start of the marks of this agent's processes. */
  readonly #mark: string;
  readonly #never = new AbortController().signal;
  #keeper: KeeperLink | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #graceMs: number;

  constructor(options: {
    config: ProcessConfig;
    node: string;
    /** Id of this run of the agent. */
    boot: string;
    /** Public key of the agent: its former lives are known by it. */
    key: string;
    /** Hears each transition. */
    publish?: (transition: Transition) => void;
    log: Logger;
  }) {
    const { config, node, boot, log } = options;
    this.#config = config;
    this.#log = log.child({ process: config.command[0] ?? '' });
    this.#graceMs = config.graceSeconds * 1000;
    const owner = ownerOf(options.key);
    this.#mark = `${owner}.${selfMark()}`;
    this.#actor = startActor({
      machine: this.#machine(),
      machineName: 'process',
      id: `${node}.${boot}`,
      input: undefined,
      clock: workingClock,
      publish: (transition) => options.publish?.(transition),
      context: ({ context }) => ({ ...context }),
      log,
    });
    this.#actor.onTransition(({ event, from, to, context }) => {
      this.#log.info({ event, from, to, ...context }, 'process');
    });
    // The first turn: nothing is started while something of a former life is there.
    void this.#turns.run(this.#never, () => endLeftovers(owner, this.#graceMs, this.#log));
  }

  /** The state that the process is in. */
  get state(): string {
    return stateName(this.#actor.snapshot());
  }

  /** When its actor began, Unix time in milliseconds. */
  get bornMs(): number {
    return this.#actor.bornMs;
  }

  /** Whether a process is the supervised one, or was started by it. */
  holds(pid: number): boolean {
    return this.#left().includes(pid);
  }

  /** Starts it where it does not run. Throws `PROCESS_BUSY`, `CANCELLED`, and `STOPPED` when the agent stops. */
  start(signal: AbortSignal): Promise<Outcome> {
    return this.#turns.run(signal, () => this.#start());
  }

  /** Ends it where it runs. Throws as `start` does. */
  stop(signal: AbortSignal): Promise<Outcome> {
    return this.#turns.run(signal, () => this.#stop());
  }

  /** Ends it where it runs, and starts it. Throws as `start` does. */
  restart(signal: AbortSignal): Promise<RestartOutcome> {
    return this.#turns.run(signal, async () => {
      if ((await this.#stop()) === 'failed') return 'failedStarted';
      return (await this.#start()) === 'success' ? 'success' : 'failedStopped';
    });
  }

  /** Starts nothing any more and ends what runs, with at most `graceMs` between SIGTERM and SIGKILL. */
  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#end(graceMs);
    return this.#closing;
  }

  async #end(graceMs: number): Promise<void> {
    this.#graceMs = Math.min(this.#graceMs, graceMs);
    this.#actor.send({ type: 'STOP' });
    await this.#settled();
    this.#actor.stop();
    clearTimeout(this.#sweep);
  }

  async #start(): Promise<Outcome> {
    const before = await this.#settled();
    if (before.matches('running')) return 'nochange';
    if (this.#closing !== undefined) throw new PosternError('STOPPED', 'the agent is stopping');
    if (before.matches('stuck')) return 'failed';
    this.#actor.send({ type: 'START' });
    const after = await this.#settled();
    if (after.matches('running')) return 'success';
    this.#log.warn({ ...after.context.error }, 'the process was not started');
    return 'failed';
  }

  async #stop(): Promise<Outcome> {
    const before = await this.#settled();
    if (before.matches('stopped') || before.matches('failed')) return 'nochange';
    this.#actor.send({ type: 'STOP' });
    const after = await this.#settled();
    if (!after.matches('stuck')) return 'success';
    this.#log.error({ left: this.#left() }, 'the process was killed and is there all the same');
    return 'failed';
  }

  /** The state that lasts, which the machine comes to by itself. */
  #settled(): Promise<ProcessSnapshot> {
    return new Promise((resolve) => {
      const lasting = (snapshot: ProcessSnapshot) =>
        !snapshot.matches('starting') && !snapshot.matches('stopping');
      const present = this.#actor.snapshot();
      if (lasting(present)) return resolve(present);
      const stop = this.#actor.onTransition((_, snapshot) => {
        if (!lasting(snapshot)) return;
        stop();
        resolve(snapshot);
      });
    });
  }

  #machine(): typeof processMachine {
    return processMachine.provide({
      actions: safeEffects<ProcessEffect, unknown>(this.#log, {
        launch: () => this.#launch(),
        terminate: () => this.#keeper?.order({ kind: 'terminate' }),
        kill: () => this.#kill(),
      }),
      delays: { settle: this.#config.settleSeconds * 1000, grace: () => this.#graceMs },
    });
  }

  #launch(): void {
    const { command, directory = process.cwd(), environment } = this.#config;
    const keeper = new KeeperLink({
      report: (report) => {
        if (this.#keeper === keeper) this.#reported(report);
      },
      lost: (message) => {
        if (this.#keeper === keeper) this.#lost(message);
      },
    });
    this.#keeper = keeper;
    keeper.order({
      kind: 'launch',
      command,
      directory,
      environment: environmentOf(environment),
      mark: this.#mark,
      graceMs: this.#graceMs,
    });
  }

  #reported(report: KeeperReport): void {
    const { kind } = report;
    if (kind === 'line') this.#log.debug({ output: report.output }, report.line);
    else if (kind === 'leftOut')
      this.#log.debug({ lines: report.lines }, 'output of the process was left out');
    else if (kind === 'warning') this.#log.warn(report.message);
    else if (kind === 'launched') this.#tell({ type: 'LAUNCHED', pid: report.pid });
    else if (kind === 'notLaunched') this.#tell({ type: 'LAUNCH_FAILED', message: report.message });
    else if (kind === 'exited') this.#exited(report.how, report.said);
    else {
      this.#keeper = undefined;
      this.#tell({ type: 'GONE' });
    }
  }

  #exited(how: string, said: string): void {
    if (this.state.startsWith('stopping')) this.#log.info({ how }, 'the process has ended');
    else this.#log.warn({ how, said }, 'the process has ended without being told to');
    this.#tell({ type: 'EXITED', how });
  }

  #lost(message: string): void {
    this.#keeper = undefined;
    this.#log.error(message);
    this.#tell({ type: 'KEEPER_LOST', message });
  }

  #kill(): void {
    if (this.#keeper !== undefined) this.#keeper.order({ kind: 'kill' });
    else this.#sweepNow();
  }

  /** What its keeper cannot do any more. */
  #sweepNow(): void {
    clearTimeout(this.#sweep);
    const left = this.#left();
    for (const pid of left) sendSignal(pid, 'SIGKILL');
    this.#sweep = setTimeout(() => {
      if (left.length > 0) this.#sweepNow();
      else this.#tell({ type: 'GONE' });
    }, lookEveryMs);
  }

  #left(): number[] {
    return leftOf({ group: this.#actor.snapshot().context.pid, mark: `${this.#mark}.` });
  }

  #tell(event: ProcessEvent): void {
    this.#actor.send(event);
  }
}
