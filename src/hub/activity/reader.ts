import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivityMessage, ActivityRecord } from '../../bus/activity-message.js';
import type { Bus } from '../../bus/bus.js';
import { errorText, PosternError } from '../../errors.js';
import { type Cursor, formatCursor, streamName } from './cursor.js';
import { type ActivityFilter, wants } from './filter.js';
import { type ActivityPage, readActivityPage } from './pages.js';
import { Wakeup } from './wakeup.js';

/** An event may be stored so much later than it happened, in milliseconds; what is older is found by its own time. */
const storedWithinMs = 10_000;
/** The pause after a failure, doubled up to the longest, in milliseconds. */
const [firstPauseMs, longestPauseMs] = [100, 5_000];
/** Of several servers, one that has just become the first may not know at once how far the stream is; in milliseconds. */
const catchUpMs = 500;

/** An event on its way to a reader. */
export interface ToldEvent extends Pick<ActivityMessage, 'kind' | 'node' | 'method' | 'hub'> {
  readonly event: ActivityRecord;
  /** Reading on behind it begins there. */
  readonly cursor: string;
}

/** Where to begin: behind an event, at a time, or (none of them) with what comes. */
export interface ActivityStart {
  readonly cursor?: Cursor | undefined;
  readonly sinceMs?: number | undefined;
}

/**
 * Reads activity from a place on: what is kept, and then what comes. It holds one page at a time, and reads on when that
 * was taken; so who is slow falls behind in the stream. What the stream does not keep any more is told as a gap.
 */
export class ActivityReader {
  readonly #bus: Pick<Bus, 'page' | 'onKept'>;
  readonly #filter: ActivityFilter;
  readonly #signal: AbortSignal;
  #stream: string | undefined;
  /** Everything up to this place was told, but for what is left of `#within`. */
  #after = 0;
  /** Events of the next message that were told already. */
  #within: { readonly place: number; readonly seen: number } | undefined;
  readonly #sinceMs: number | undefined;
  readonly #fromCursor: boolean;

  constructor(
    bus: Pick<Bus, 'page' | 'onKept'>,
    { filter, start, signal }: { filter: ActivityFilter; start: ActivityStart; signal: AbortSignal },
  ) {
    const { cursor, sinceMs } = start;
    this.#bus = bus;
    this.#filter = filter;
    this.#signal = signal;
    this.#sinceMs = sinceMs;
    this.#fromCursor = cursor !== undefined;
    if (cursor === undefined) return;
    this.#stream = cursor.stream;
    this.#after = cursor.seen === undefined ? cursor.place : cursor.place - 1;
    if (cursor.seen !== undefined) this.#within = { place: cursor.place, seen: cursor.seen };
  }

  /**
   * Finds where it begins, and gives that as a cursor; undefined where a time decides, which is good for that itself.
   * Throws `STORE_UNAVAILABLE`.
   */
  async begin(): Promise<string | undefined> {
    if (this.#fromCursor || this.#sinceMs !== undefined) return undefined;
    const { created, last } = await readActivityPage(this.#bus, this.#filter, {
      after: Number.MAX_SAFE_INTEGER,
    }).catch(unavailable);
    this.#stream = streamName(created);
    this.#after = last;
    return formatCursor({ stream: this.#stream, place: last });
  }

  /** All that is kept; with `follow` it goes on until the signal. Throws `STORE_UNAVAILABLE` where nothing could be read. */
  async *events(follow: boolean): AsyncGenerator<readonly ToldEvent[]> {
    const wakeup = new Wakeup(this.#bus, this.#signal);
    let pauseMs = firstPauseMs;
    let everRead = false;
    let doubted = false;
    try {
      while (!this.#signal.aborted) {
        let page: ActivityPage;
        try {
          page = await readActivityPage(this.#bus, this.#filter, this.#range());
        } catch (thrown) {
          if (!follow || !everRead) unavailable(thrown);
          await wakeup.pause(pauseMs);
          pauseMs = Math.min(longestPauseMs, 2 * pauseMs);
          continue;
        }
        everRead = true;
        pauseMs = firstPauseMs;
        if (this.#isCutOff(page) && !doubted) {
          doubted = true;
          await sleep(catchUpMs, undefined, { ref: false, signal: this.#signal }).catch(() => {});
          continue;
        }
        doubted = false;
        const [stream, after] = [this.#stream, this.#after];
        const told = this.#told(page);
        if (told.length > 0) yield told;
        const renewed = stream !== undefined && stream !== this.#stream;
        if (page.more || renewed) continue;
        if (!follow) return;
        await wakeup.wait(this.#after > after);
      }
    } finally {
      wakeup.stop();
    }
  }

  #range(): { after: number; sinceMs?: number } {
    const sinceMs = this.#sinceMs;
    if (sinceMs === undefined || this.#after > 0 || this.#fromCursor) return { after: this.#after };
    return { after: 0, sinceMs: Math.max(0, sinceMs - storedWithinMs) };
  }

  /** What a page holds for the reader; moves on behind it. */
  #told(page: ActivityPage): ToldEvent[] {
    const told: ToldEvent[] = [];
    const name = streamName(page.created);
    if (this.#stream !== undefined && this.#stream !== name) {
      this.#stream = name;
      this.#after = 0;
      this.#within = undefined;
      told.push(this.#gap(0, { reason: 'STREAM_NEW', toMs: Math.round(Date.parse(page.created)) || 0 }));
      // the page was read behind a place of the other stream
      return told;
    }
    if (this.#isCutOff(page)) {
      this.#after = page.last;
      this.#within = undefined;
      told.push(this.#gap(page.last, { reason: 'STREAM_NEW', toMs: Math.round(page.lastMs) }));
      return told;
    }
    this.#stream = name;
    const gap = this.#missing(page);
    if (gap !== undefined) told.push(gap);
    for (const { body, place } of page.messages) {
      if (place > this.#after) this.#tell(body, place, told);
    }
    this.#after = Math.max(this.#after, page.end);
    return told;
  }

  /** The stream has lost its end, as where its files are of an earlier time: what came since may have any place. */
  #isCutOff({ created, last }: ActivityPage): boolean {
    return this.#stream === streamName(created) && last < this.#after;
  }

  #tell(body: ActivityMessage, place: number, told: ToldEvent[]): void {
    const { kind, node, method, hub, events } = body;
    const seen = this.#within?.place === place ? this.#within.seen : 0;
    const wanted = wants(this.#filter, body);
    if (wanted === undefined) return;
    const stream = this.#stream ?? '';
    events.forEach((event, i) => {
      if (i < seen || !wanted(event)) return;
      const cursor = formatCursor({ stream, place, ...(i + 1 === events.length ? {} : { seen: i + 1 }) });
      told.push({ kind, node, method, hub, event, cursor });
    });
  }

  /** What is not kept any more of what the reader had still to be told. */
  #missing({ first, firstMs }: ActivityPage): ToldEvent | undefined {
    if (this.#after === 0 && !this.#fromCursor) {
      const sinceMs = this.#sinceMs ?? 0;
      // who asks for everything wants what is there
      if (sinceMs <= 1 || first <= 1 || firstMs <= sinceMs) return undefined;
      return this.#gap(first - 1, {
        reason: 'NOT_KEPT',
        fromMs: Math.round(sinceMs),
        toMs: Math.round(firstMs),
      });
    }
    if (first <= this.#after + 1) return undefined;
    const lost = first - this.#after - 1;
    this.#after = first - 1;
    return this.#gap(first - 1, { reason: 'NOT_KEPT', lost, toMs: Math.round(firstMs) });
  }

  #gap(place: number, event: Omit<ActivityRecord, 'at'>): ToldEvent {
    const cursor = formatCursor({ stream: this.#stream ?? '', place });
    return { kind: 'gap', node: '', method: '', hub: '', event: { at: Date.now(), ...event }, cursor };
  }
}

function unavailable(thrown: unknown): never {
  throw new PosternError(
    'STORE_UNAVAILABLE',
    `the activity that is kept cannot be read: ${errorText(thrown)}`,
  );
}
