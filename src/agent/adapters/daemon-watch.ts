import { setTimeout as sleep } from 'node:timers/promises';
import { type DaemonIdentity, daemonMachine } from '../../../machines/daemon.js';
import { stateName } from '../../../machines/state-name.js';
import { safeEffects } from '../../actors/effects.js';
import { type RunningActor, startActor } from '../../actors/host.js';
import type { Transition } from '../../bus/messages.js';
import { errorText, PosternError } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter } from './adapter.js';

/** A daemon that serves is asked again this often, in milliseconds. */
const lookEveryMs = 2_000;
/** It may take this long to answer then, in milliseconds. */
const answerWithinMs = 5_000;

/** A daemon that somebody waits for is asked this often at most, in milliseconds, whoever waits and however many. */
const hurryEveryMs = 250;

/** What a watch needs. */
export interface DaemonWatchOptions {
  /** Name of the actor: the node's. */
  readonly id: string;
  /** Where the daemon listens, `HOST:PORT`. */
  readonly target: string;
  /** Makes the adapter for a place; nothing is connected before its first use. */
  readonly adapter: (target: string) => DaemonAdapter;
  readonly publish: (transition: Transition) => void;
  readonly log: Logger;
}

/** Watches over the daemon beside this agent: runs its machine, and holds the adapter that leads to it. */
export class DaemonWatch {
  readonly #options: DaemonWatchOptions;
  readonly #actor: RunningActor<typeof daemonMachine>;
  #adapter: DaemonAdapter | undefined;
  #probe: AbortController | undefined;
  #hurriedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DaemonWatchOptions) {
    this.#options = options;
    const effects = safeEffects(options.log, {
      probe: ({ target }: { target: string }) => this.#ask(target),
      abandonProbe: () => this.#probe?.abort(),
      watch: () => this.#watch(),
      unwatch: () => this.#probe?.abort(),
      hangUp: () => {
        this.#adapter?.close();
        this.#adapter = undefined;
      },
    });
    this.#actor = startActor({
      machine: daemonMachine.provide({
        actions: {
          probe: ({ context }) => effects.probe(context),
          abandonProbe: ({ context }) => effects.abandonProbe(context),
          watch: ({ context }) => effects.watch(context),
          unwatch: ({ context }) => effects.unwatch(context),
          hangUp: ({ context }) => effects.hangUp(context),
        },
      }),
      machineName: 'daemon',
      id: options.id,
      input: { target: options.target },
      publish: options.publish,
      context: ({ context }) => ({ ...context }),
      log: options.log,
    });
  }

  get state(): string {
    return stateName(this.#actor.snapshot());
  }

  /** What is known of it, for people. */
  get facts(): { state: string; target: string; dialect: string; peer: string; error: string } {
    const { target, identity, lastError } = this.#actor.snapshot().context;
    const { dialect = '', peer = '' } = identity ?? {};
    return { state: this.state, target, dialect, peer, error: lastError?.message ?? '' };
  }

  /** What it said of itself when it last answered. */
  get identity(): DaemonIdentity | undefined {
    return this.#actor.snapshot().context.identity;
  }

  start(): void {
    this.#actor.send({ type: 'START' });
  }

  /** When its actor began, Unix time in milliseconds. */
  get bornMs(): number {
    return this.#actor.bornMs;
  }

  /** Somebody wants to know now; `by` says who, as `machine/id`. */
  ask(by: string): void {
    this.#actor.send({ type: 'ASKED' }, by);
  }

  /** Looks elsewhere for the daemon. */
  target(target: string): void {
    this.#actor.send({ type: 'TARGETED', target });
  }

  /**
   * The adapter of a daemon that serves, as soon as it does. Rejects `DAEMON_UNREACHABLE` when the signal ends the wait,
   * with the reason why it does not.
   */
  async serving(signal: AbortSignal): Promise<DaemonAdapter> {
    this.#hurry();
    return new Promise((resolve, reject) => {
      const settle = () => {
        const found = this.state === 'serving' ? this.#adapter : undefined;
        if (found === undefined && !signal.aborted && this.state !== 'stopped') return;
        stop();
        clearInterval(hurrying);
        signal.removeEventListener('abort', settle);
        if (found === undefined) reject(this.#why());
        else resolve(found);
      };
      const stop = this.#actor.onTransition(settle);
      const hurrying = setInterval(() => this.#hurry(), hurryEveryMs).unref();
      signal.addEventListener('abort', settle, { once: true });
      settle();
    });
  }

  /** Hears of each transition. */
  onTransition(listener: (state: string) => void): () => void {
    return this.#actor.onTransition(({ to }) => listener(to));
  }

  stop(): void {
    this.#actor.send({ type: 'STOP' });
    this.#actor.stop();
  }

  /** Somebody waits: the pause between probes is cut short, unless that was done just now. */
  #hurry(): void {
    const now = performance.now();
    const asked = { type: 'ASKED' } as const;
    if (!this.#actor.snapshot().can(asked) || now - this.#hurriedAtMs < hurryEveryMs) return;
    this.#hurriedAtMs = now;
    this.#actor.send(asked);
  }

  #why(): PosternError {
    const { target, lastError } = this.#actor.snapshot().context;
    const why = lastError?.message ?? `the daemon at ${target} has not answered yet`;
    return new PosternError(lastError?.code ?? 'DAEMON_UNREACHABLE', why, {
      hint: 'start the daemon, or say where it listens',
    });
  }

  #ask(target: string): void {
    this.#adapter ??= this.#options.adapter(target);
    const probe = new AbortController();
    this.#probe = probe;
    this.#adapter.identify(probe.signal).then(
      (identity) => {
        if (!probe.signal.aborted) this.#actor.send({ type: 'ANSWERED', identity });
      },
      (thrown: unknown) => {
        if (probe.signal.aborted) return;
        const code = thrown instanceof PosternError ? thrown.code : 'DAEMON_REFUSED';
        this.#actor.send({ type: 'PROBE_FAILED', code, message: errorText(thrown) });
      },
    );
  }

  #watch(): void {
    const watching = new AbortController();
    this.#probe = watching;
    this.#keepLooking(watching.signal).catch((thrown: unknown) => {
      if (!watching.signal.aborted) this.#actor.send({ type: 'LOST', reason: errorText(thrown) });
    });
  }

  /** Asks the daemon now and then; rejects when it does not answer, is another than before, and when the signal ends it. */
  async #keepLooking(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(lookEveryMs, undefined, { signal, ref: false });
      const limited = joinAborts([signal], answerWithinMs);
      try {
        const found = await this.#adapter?.identify(limited.signal);
        if (found === undefined) continue;
        const { dialect, peer } = this.identity ?? found;
        if (found.dialect !== dialect || found.peer !== peer) throw becameAnother(found);
      } finally {
        limited.release();
      }
    }
  }
}

function becameAnother({ dialect, peer }: DaemonIdentity): PosternError {
  return new PosternError('DAEMON_REFUSED', `another daemon answers there now: ${peer}, ${dialect}`);
}
