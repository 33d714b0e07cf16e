import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../../../../machines/backoff.js';
import { errorText } from '../../../errors.js';
import type { GroupRef, ReceiptSink, Receiving } from '../adapter.js';
import { Arrivals } from '../arrivals.js';
import type { Channel } from './channel.js';
import { listEvents } from './events.js';

/** What a subscription needs. */
export interface ReceivingOptions {
  readonly channel: Channel;
  /** Asked at each subscription: the daemon may have become another version. */
  readonly path: () => string;
  readonly group: GroupRef;
  readonly sink: ReceiptSink;
  /** Events that have come before. */
  readonly known: Iterable<string>;
}

/**
 * Hears a group for as long as it lasts. Each subscription lists everything from the beginning: entries that were
 * written elsewhere during a partition are sorted in before those that are known, and whoever goes on from the last
 * one misses them.
 */
export class BertyReceiving implements Receiving {
  readonly #options: ReceivingOptions;
  readonly #arrivals: Arrivals;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: ReceivingOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals(options.known);
    this.#done = this.#run();
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const came = this.#arrivals.size;
      try {
        await this.#subscribe(signal);
        if (!signal.aborted) this.#options.sink.broken('the daemon ended the subscription');
      } catch (thrown) {
        if (!signal.aborted) this.#options.sink.broken(errorText(thrown));
      }
      if (this.#arrivals.size > came) attempt = 1;
      await sleep(backoffMs(attempt), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #subscribe(signal: AbortSignal): Promise<void> {
    const { channel, path, group, sink } = this.#options;
    const arrivals = this.#arrivals;
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener('abort', end, { once: true });
    arrivals.subscribed();
    const history = new History();
    const live = () => {
      arrivals.listed();
      sink.live();
    };
    const listing = this.#list(history, over.signal).then((complete) => complete && live());
    // Where the list fails, so does the subscription, which tells of it.
    listing.catch(end);
    try {
      const events = listEvents(channel, path(), group, { untilNow: false, files: true }, over.signal);
      for await (const event of events) {
        await sink.receipt({ ...event, how: arrivals.came(event.event), atMs: Date.now() });
        if (history.came(event.event)) live();
      }
    } finally {
      signal.removeEventListener('abort', end);
      end();
      await listing.catch(() => {});
    }
  }

  /** Learns which events are there now; true when they have all come already. */
  async #list(history: History, signal: AbortSignal): Promise<boolean> {
    const { channel, path, group } = this.#options;
    const range = { untilNow: true, files: false };
    for await (const { event } of listEvents(channel, path(), group, range, signal)) {
      history.listed(event);
    }
    return history.end();
  }
}

/** The events that were there when a subscription began: they come in two lists, of which one goes on. */
class History {
  /** Listed, and not come yet. */
  readonly #missing = new Set<string>();
  /** Come while they might still be listed. */
  #early: Set<string> | undefined = new Set();

  /** An event was there when the subscription began. */
  listed(event: string): void {
    if (this.#early?.has(event) !== true) this.#missing.add(event);
  }

  /** No more is listed; true when all of it has come. */
  end(): boolean {
    this.#early = undefined;
    return this.#missing.size === 0;
  }

  /** An event came; true when it was the last one missing. */
  came(event: string): boolean {
    this.#early?.add(event);
    return this.#missing.delete(event) && this.#early === undefined && this.#missing.size === 0;
  }
}
