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
import { acceptsAt, type DaemonVitals, daemonPid, vitalsAt } from './daemon-vitals.js';

/** A daemon that serves is asked again this often, in milliseconds. */
const lookEveryMs = 2_000;
/** It may take this long to answer then, in milliseconds. */
const answerWithinMs = 5_000;

/** A daemon that somebody waits for is asked this often at most, in milliseconds, whoever waits and however many. */
const hurryEveryMs = 250;

/** Who asks whether the daemon answers is told by then at the latest, milliseconds. */
const tellWithinMs = 3_000;

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
  /** The look that goes on at a daemon that serves: whether it answers. */
  #look: Promise<boolean> | undefined;

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

  /** What can be seen of it now without asking it anything. */
  vitals(): Promise<DaemonVitals> {
    return vitalsAt(this.address, this.state === 'serving');
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

  /** Where it is looked for, `HOST:PORT`. */
  get address(): string {
    return this.#actor.snapshot().context.target;
  }

  /** Looks elsewhere for the daemon. */
  target(target: string): void {
    this.#actor.send({ type: 'TARGETED', target });
  }

  /**
   * Asks the daemon now: whether its process is there and says what it is. That takes no longer than the signal, and three
   * seconds at most. Never rejects.
   */
  async answers(signal: AbortSignal): Promise<boolean> {
    const limited = joinAborts([signal], tellWithinMs);
    try {
      // What a look that goes on finds may have been so before we were asked.
      if (this.#look !== undefined) await untilAborted(this.#look, limited.signal);
      if (this.state === 'serving' && (await untilAborted(this.#lookOnce(), limited.signal))) return true;
      if (limited.signal.aborted || !(await acceptsAt(this.address))) return false;
      await this.serving(limited.signal);
      return true;
    } catch {
      return false;
    } finally {
      limited.release();
    }
  }

  /**
   * The adapter of a daemon that serves, as soon as it does. Rejects `DAEMON_UNREACHABLE` when the signal ends the wait,
   * with the reason why it does not, and `DAEMON_MOVED` when it is looked for elsewhere than `at` meanwhile.
   */
  async serving(signal: AbortSignal, at?: string): Promise<DaemonAdapter> {
    this.#hurry();
    return new Promise((resolve, reject) => {
      const settle = () => {
        const moved = at !== undefined && this.address !== at;
        const found = this.state === 'serving' && !moved ? this.#adapter : undefined;
        if (found === undefined && !moved && !signal.aborted && this.state !== 'stopped') return;
        stop();
        clearInterval(hurrying);
        signal.removeEventListener('abort', settle);
        if (found !== undefined) resolve(found);
        else reject(moved ? movedTo(this.address, at) : this.#why());
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
    const identified = this.#adapter.identify(probe.signal).then(async (identity) => ({
      type: 'ANSWERED' as const,
      identity,
      pid: await daemonPid(target),
    }));
    identified.then(
      (answered) => {
        if (!probe.signal.aborted) this.#actor.send(answered);
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
    void this.#keepLooking(watching.signal);
  }

  /** Looks at the daemon now and then, until the signal ends it or the daemon is lost. */
  async #keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(lookEveryMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#lookOnce();
    }
  }

  /** One look, whoever wants it: whether the daemon answers. The machine is told where it does not, or is another one now. */
  #lookOnce(): Promise<boolean> {
    this.#look ??= this.#lookNow().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async #lookNow(): Promise<boolean> {
    const watching = this.#probe?.signal;
    if (watching === undefined) return false;
    const limited = joinAborts([watching], answerWithinMs);
    try {
      const found = await this.#adapter?.identify(limited.signal);
      if (found === undefined) return false;
      const { dialect, peer } = this.identity ?? found;
      if (found.dialect !== dialect || found.peer !== peer) throw becameAnother(found);
      return true;
    } catch (thrown) {
      if (!watching.aborted) this.#actor.send({ type: 'LOST', reason: errorText(thrown) });
      return false;
    } finally {
      limited.release();
    }
  }
}

/** What comes of `work`; false where the signal ends the wait before. */
function untilAborted(work: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve(false);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
  });
}

function movedTo(now: string, from: string | undefined): PosternError {
  return new PosternError(
    'DAEMON_MOVED',
    `the daemon is looked for at ${now} now, and not at ${from ?? '?'}`,
  );
}

function becameAnother({ dialect, peer }: DaemonIdentity): PosternError {
  return new PosternError('DAEMON_REFUSED', `another daemon answers there now: ${peer}, ${dialect}`);
}
