import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import { postEvent } from './post.js';
import { signedHeaders } from './signature.js';
import type { WebhookEvent } from './story.js';

/** A webhook that can be used: its files are read. */
export interface Receiver {
  readonly name: string;
  readonly url: URL;
  readonly keys: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string | undefined;
}

/** What a queue has done. */
export interface QueueCounts {
  delivered: number;
  /** Attempts that failed. */
  failed: number;
  dropped: number;
}

/** How a queue works; all times in milliseconds. */
export interface QueueLimits {
  /** Deliveries at the same time; the events of one node go one after the other. */
  readonly lanes: number;
  /** Events that wait in each lane at most; the oldest makes room. */
  readonly mostWaiting: number;
  readonly attemptMs: number;
  /** The pause after a first failure, and the longest: it doubles each time. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** An event that could not be delivered for so long is given up. */
  readonly giveUpAfterMs: number;
}

export const queueLimits: QueueLimits = {
  lanes: 4,
  mostWaiting: 2_500,
  attemptMs: 15_000,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  giveUpAfterMs: 3_600_000,
};

/** The longest that a receiver may ask to be left alone, in milliseconds. */
const longestRetryAfterMs = 300_000;
/** HTTP status of one who never wants to be told again. */
const statusGone = 410;

/** Why an attempt failed, and how long the receiver wants to be left alone. */
interface Failure {
  readonly why: string;
  readonly retryAfterMs: number | undefined;
}

const refused: Failure = { why: 'the receiver wants no more', retryAfterMs: undefined };

/** Events that go one after the other. */
interface Lane {
  readonly waiting: WebhookEvent[];
  running: Promise<void> | undefined;
}

/** One receiver's events: kept in the order of each node, delivered until each was taken, within limits. */
export class WebhookQueue {
  /** What logs and metrics call it. */
  readonly name: string;
  readonly #counts: QueueCounts;
  #receiver: Receiver;
  readonly #limits: QueueLimits;
  readonly #log: Logger;
  readonly #lanes: Lane[];
  /** It is about to end: nothing new is taken, and no pause is made. */
  readonly #closing = new AbortController();
  readonly #over = new AbortController();
  /** The receiver does not want to be told any more. */
  #refused = false;

  /** `counts` is counted up. */
  constructor(receiver: Receiver, log: Logger, counts: QueueCounts, limits: QueueLimits = queueLimits) {
    this.name = receiver.name;
    this.#counts = counts;
    this.#receiver = receiver;
    this.#limits = limits;
    this.#log = log.child({ webhook: receiver.name });
    this.#lanes = Array.from({ length: limits.lanes }, () => ({ waiting: [], running: undefined }));
  }

  /** Events that wait. */
  get waiting(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** The same receiver, with other secrets and headers. */
  replace(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#refused = false;
  }

  push(event: WebhookEvent): void {
    const lane = this.#lanes[laneOf(event.node, this.#lanes.length)];
    if (lane === undefined || this.#refused || this.#closing.signal.aborted) {
      this.#drop(event, this.#refused ? refused.why : 'the hub is about to stop');
      return;
    }
    lane.waiting.push(event);
    if (lane.waiting.length > this.#limits.mostWaiting) {
      const oldest = lane.waiting.shift();
      if (oldest !== undefined) this.#drop(oldest, 'too many wait');
    }
    lane.running ??= this.#run(lane);
  }

  /** Takes no more, tries at once what waits, and drops after `graceMs` what could not be delivered. Never throws. */
  async drain(graceMs: number): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#over.abort(), graceMs);
    await Promise.all(this.#lanes.map(({ running }) => running));
    clearTimeout(timer);
    this.stop();
  }

  /** Drops what waits. */
  stop(): void {
    this.#closing.abort();
    this.#over.abort();
    for (const { waiting } of this.#lanes) {
      for (const event of waiting.splice(0)) this.#drop(event, 'the hub has stopped');
    }
  }

  async #run(lane: Lane): Promise<void> {
    const { waiting } = lane;
    try {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        await this.#deliver(event);
      }
    } finally {
      // In the same moment as the last look: nobody else begins what comes meanwhile.
      lane.running = undefined;
    }
  }

  async #deliver(event: WebhookEvent): Promise<void> {
    const since = performance.now();
    const { firstPauseMs, longestPauseMs, giveUpAfterMs } = this.#limits;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
      const failure = this.#refused ? refused : await this.#attempt(event);
      if (failure === undefined) {
        this.#counts.delivered++;
        return;
      }
      if (this.#refused || this.#over.signal.aborted || performance.now() - since > giveUpAfterMs) {
        this.#drop(event, failure.why);
        return;
      }
      const asked = failure.retryAfterMs ?? 0;
      const least = pauseMs * (0.75 + Math.random() / 2);
      await this.#pause(Math.max(least, Math.min(asked, longestRetryAfterMs)));
    }
  }

  /** Undefined: it was taken. */
  async #attempt(event: WebhookEvent): Promise<Failure | undefined> {
    const { url, keys, headers, ca } = this.#receiver;
    let failure: Failure;
    try {
      const { status, retryAfterMs } = await postEvent({
        url,
        headers: { ...headers, ...signedHeaders(event.id, Date.now(), event.body, keys) },
        body: event.body,
        ca,
        timeoutMs: this.#limits.attemptMs,
        signal: this.#over.signal,
      });
      if (status >= 200 && status < 300) return undefined;
      failure = { why: `HTTP ${status}`, retryAfterMs };
      if (status === statusGone && !this.#refused) {
        this.#refused = true;
        this.#log.error('the receiver of a webhook says that it is gone: it is told nothing more');
      }
    } catch (thrown) {
      failure = { why: errorText(thrown), retryAfterMs: undefined };
    }
    this.#counts.failed++;
    this.#log.warn({ id: event.id, why: failure.why }, 'a webhook was not delivered');
    return failure;
  }

  /** A hub that stops wakes whoever pauses; what fails again then waits a little for the next attempt. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    const closing = signal.aborted;
    const until = closing ? this.#over.signal : signal;
    const boundMs = closing ? Math.min(ms, this.#limits.firstPauseMs) : ms;
    await sleep(boundMs, undefined, { signal: until, ref: false }).catch(() => {});
  }

  #drop({ id, type, node }: WebhookEvent, why: string): void {
    this.#counts.dropped++;
    this.#log.warn({ id, type, node, why }, 'an event was dropped that a webhook was to tell');
  }
}

/** FNV-1a, so that the events of one node share a lane. */
function laneOf(node: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < node.length; at++) hash = Math.imul(hash ^ node.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % lanes;
}
