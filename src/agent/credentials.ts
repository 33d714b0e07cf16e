import type { BusCredentials } from '../bus/authority.js';
import { errorText, PosternError } from '../errors.js';
import { joinAborts } from '../joined-abort.js';
import type { Logger } from '../log.js';
import type { Enrolment } from './enrol.js';

/** The part of their life after which credentials are renewed. */
const renewAfter = 0.7;
/** Shortest wait before a renewal or another attempt at one, milliseconds. */
const shortestWaitMs = 1_000;
/** Longest wait between two attempts, milliseconds. */
const longestRetryMs = 60_000;
/** Timers of Node hold no more than this, milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The agent's credentials for the bus: fetched when they are needed, renewed at 70 % of their life, in the background
 * and without a word as long as it works.
 */
export class Credentials {
  readonly #seed: string;
  readonly #enrol: (signal: AbortSignal) => Promise<Enrolment>;
  readonly #failed: (error: PosternError) => void;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #enrolment: Enrolment | undefined;
  #staleAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` hears of each renewal in the background that failed, for whatever reason. */
  constructor(options: {
    seed: string;
    enrol: (signal: AbortSignal) => Promise<Enrolment>;
    failed: (error: PosternError) => void;
    log: Logger;
  }) {
    this.#seed = options.seed;
    this.#enrol = options.enrol;
    this.#failed = options.failed;
    this.#log = options.log;
  }

  /** Gets credentials unless there are fresh ones. Throws what `enrol` throws. */
  async ensure(signal: AbortSignal): Promise<void> {
    if (this.#enrolment !== undefined && performance.now() < this.#staleAt) return;
    await this.#renew(signal);
  }

  /** What to show to the bus now. Throws `PosternError` `NO_CREDENTIALS` before the first `ensure`. */
  current(): BusCredentials {
    return { jwt: this.#known().jwt, seed: this.#seed };
  }

  /** Where the bus is, as the hub told last. Throws as `current` does. */
  get nats(): readonly string[] {
    return this.#known().nats;
  }

  /** The same; empty before the hub has told any. */
  get told(): readonly string[] {
    return this.#enrolment?.nats ?? [];
  }

  /** Path of the hub's front door where NATS is spoken over WebSocket, as it told last. Throws as `current` does. */
  get natsPath(): string | undefined {
    return this.#known().natsPath;
  }

  /** The bus does not take them: the next `ensure` gets new ones. */
  refused(): void {
    this.#staleAt = 0;
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #known(): Enrolment {
    if (this.#enrolment !== undefined) return this.#enrolment;
    throw new PosternError('NO_CREDENTIALS', 'the agent has not enrolled yet');
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const over = joinAborts([signal, this.#stop.signal]);
    const enrolment = await this.#enrol(over.signal).finally(() => over.release());
    this.#enrolment = enrolment;
    const freshMs = Math.max(shortestWaitMs, enrolment.lifeMs * renewAfter);
    this.#staleAt = performance.now() + freshMs;
    this.#later(freshMs, shortestWaitMs);
  }

  #later(delayMs: number, retryMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#inBackground(retryMs), Math.min(delayMs, longestTimerMs));
    this.#timer.unref();
  }

  async #inBackground(retryMs: number): Promise<void> {
    try {
      await this.#renew(this.#stop.signal);
      this.#log.debug('renewed the credentials for the bus');
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      this.#later(retryMs, Math.min(longestRetryMs, retryMs * 2));
      const error =
        thrown instanceof PosternError ? thrown : new PosternError('ENROL_FAILED', errorText(thrown));
      this.#log.warn({ code: error.code }, `the credentials for the bus were not renewed: ${error.message}`);
      this.#failed(error);
    }
  }
}
