import {
  type ActivityKind,
  type ActivityMessage,
  type ActivityRecord,
  mostActivityEvents,
} from '../../bus/activity-message.js';
import type { Bus, Stop } from '../../bus/bus.js';
import { tokenOfText } from '../../bus/subject-token.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** Events wait so long for others of their subject, in milliseconds; the first after a rest waits for none. */
const settleMs = 50;
/** The same while there is much to send: fewer and larger messages cost less. */
const busySettleMs = 250;
/** So many messages, or events, at once are much. */
const [manyMessages, manyEvents] = [32, 256];
/** Messages that are not known to be stored yet. */
const mostInFlight = 64;
/** A message is cut when its events come to so many bytes, as far as that can be told cheaply. */
const mostBytes = 64 * 1024;
/** What an event takes without its texts, mostly; 380 at most. */
const plainEventBytes = 200;
/** The pause after a failure, doubled up to the longest, in milliseconds. */
const [firstPauseMs, longestPauseMs] = [100, 5_000];

/** What becomes one subject: events of one kind about one method of one node. */
export interface Channel {
  readonly kind: ActivityKind;
  readonly node: string;
  readonly method: string;
  /** Events that have not been sent, the oldest first. */
  pending: ActivityRecord[];
}

/** A message on its way. */
interface Parcel {
  readonly params: Readonly<Record<'kind' | 'node' | 'service' | 'method', string>>;
  readonly body: ActivityMessage;
  readonly id: string;
}

/** What was not told, since that was told last. */
interface Loss {
  lost: number;
  fromMs: number;
  toMs: number;
}

/**
 * Sends events to the stream, several in a message where several wait, each message until it is stored. Holds so many
 * and no more; what has no room is counted, and told as a gap as soon as there is.
 */
export class Outbox {
  readonly #bus: Pick<Bus, 'append' | 'connected' | 'onStatus'>;
  readonly #hub: string;
  readonly #log: Logger;
  readonly #mostHeld: number;
  readonly #unhear: Stop;
  #due: Channel[] = [];
  /** Messages that were not stored for all that is known, to be sent again before others. */
  #again: Parcel[] = [];
  #loss: Loss | undefined;
  #held = 0;
  #inFlight = 0;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #restUntil = 0;
  #pauseMs = firstPauseMs;
  #emptied: () => void = () => {};

  constructor(options: {
    bus: Pick<Bus, 'append' | 'connected' | 'onStatus'>;
    hub: string;
    log: Logger;
    /** Events that are held at most. */
    mostHeld?: number;
  }) {
    this.#bus = options.bus;
    this.#hub = options.hub;
    this.#log = options.log;
    this.#mostHeld = options.mostHeld ?? 32_768;
    this.#unhear = options.bus.onStatus(({ type }) => {
      if (type !== 'reconnected') return;
      this.#pauseMs = firstPauseMs;
      this.#schedule(0);
    });
  }

  /** Events that are held. */
  get held(): number {
    return this.#held;
  }

  /** Takes an event; never waits and never throws. */
  push(channel: Channel, event: ActivityRecord): void {
    if (this.#held >= this.#mostHeld) {
      this.#lose(1, event.at, event.at);
      return;
    }
    this.#held++;
    if (channel.pending.push(event) === 1) this.#due.push(channel);
    if (this.#timer === undefined) this.#schedule(Math.max(0, this.#restUntil - performance.now()));
  }

  /** Takes an event that others may tell too: of those with one `id` one is kept. */
  pushOnce(kind: ActivityKind, node: string, event: ActivityRecord, id: string): void {
    if (this.#held >= this.#mostHeld) {
      this.#lose(1, event.at, event.at);
      return;
    }
    this.#held++;
    this.#again.push(this.#parcel({ kind, node, method: '' }, [event], id));
    this.#schedule(0);
  }

  /** Sends what is there; resolves when all of it is stored, or after `withinMs`. */
  async drain(withinMs: number): Promise<void> {
    if (this.#held === 0 && this.#loss === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      timer = setTimeout(resolve, withinMs);
    });
    this.#schedule(0);
    await done;
    clearTimeout(timer);
    if (this.#held > 0) this.#log.warn({ events: this.#held }, 'activity was not kept when the hub ended');
  }

  stop(): void {
    this.#unhear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = [];
    this.#again = [];
  }

  #schedule(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), inMs).unref();
  }

  #lose(lost: number, fromMs: number, toMs: number): void {
    if (this.#loss === undefined) {
      this.#log.warn('activity is lost: the stream takes no more for now');
      this.#loss = { lost: 0, fromMs, toMs };
    }
    this.#loss.lost += lost;
    this.#loss.fromMs = Math.min(this.#loss.fromMs, fromMs);
    this.#loss.toMs = Math.max(this.#loss.toMs, toMs);
  }

  #flush(): void {
    this.#timer = undefined;
    // 'reconnected' comes here again
    if (!this.#bus.connected) return;
    let messages = 0;
    let events = 0;
    while (this.#again.length > 0 && this.#inFlight < mostInFlight) {
      const parcel = this.#again.shift();
      if (parcel !== undefined) this.#send(parcel);
      messages++;
    }
    if (this.#loss !== undefined && this.#held <= this.#mostHeld / 2) this.#tellLoss(this.#loss);
    let at = 0;
    for (; at < this.#due.length && this.#inFlight < mostInFlight; messages++) {
      const channel = this.#due[at];
      if (channel === undefined) break;
      const some = channel.pending.splice(0, fitting(channel.pending));
      events += some.length;
      this.#send(this.#parcel(channel, some, undefined));
      if (channel.pending.length === 0) at++;
    }
    this.#due.splice(0, at);
    const busy = messages > manyMessages || events > manyEvents;
    const restMs = busy ? busySettleMs : settleMs;
    this.#restUntil = performance.now() + restMs;
  }

  #tellLoss({ lost, fromMs, toMs }: Loss): void {
    this.#loss = undefined;
    this.#held++;
    const event = { at: Date.now(), lost, fromMs, toMs, reason: 'NOT_STORED' };
    this.#send(this.#parcel({ kind: 'gap', node: '', method: '' }, [event], undefined));
  }

  #parcel(
    { kind, node, method }: Pick<Channel, 'kind' | 'node' | 'method'>,
    events: ActivityRecord[],
    id: string | undefined,
  ): Parcel {
    const slash = method.indexOf('/');
    const [service, name] = slash < 0 ? [method, ''] : [method.slice(0, slash), method.slice(slash + 1)];
    return {
      params: {
        kind,
        node: node === '' ? '-' : node,
        service: tokenOfText(service),
        method: tokenOfText(name),
      },
      body: { v: 1, hub: this.#hub, kind, node, method, events },
      id: id ?? `${this.#hub}.${++this.#sent}`,
    };
  }

  #send(parcel: Parcel): void {
    this.#inFlight++;
    this.#bus.append(subjects.activity, parcel.params, parcel.body, parcel.id).then(
      () => {
        this.#inFlight--;
        this.#pauseMs = firstPauseMs;
        this.#done(parcel);
        if (this.#timer === undefined && this.#hasWork) {
          this.#schedule(Math.max(0, this.#restUntil - performance.now()));
        }
      },
      (thrown: unknown) => {
        this.#inFlight--;
        this.#failed(parcel, thrown);
      },
    );
  }

  get #hasWork(): boolean {
    return this.#due.length > 0 || this.#again.length > 0 || this.#loss !== undefined;
  }

  #failed(parcel: Parcel, thrown: unknown): void {
    if (thrown instanceof PosternError && thrown.code === 'STORE_UNAVAILABLE') {
      this.#again.push(parcel);
      this.#schedule(this.#pauseMs);
      this.#pauseMs = Math.min(longestPauseMs, 2 * this.#pauseMs);
      this.#log.debug(`activity is not stored yet: ${errorText(thrown)}`);
      return;
    }
    // it would fail for ever
    const times = parcel.body.events.map(({ at }) => at);
    this.#log.error({ err: thrown }, `activity was lost: ${errorText(thrown)}`);
    this.#lose(parcel.body.events.length, Math.min(...times), Math.max(...times));
    this.#done(parcel);
    this.#schedule(this.#pauseMs);
  }

  #done({ body }: Parcel): void {
    this.#held -= body.events.length;
    if (this.#held === 0 && this.#loss === undefined) this.#emptied();
  }
}

/** How many of the events fit into one message: at least one. */
function fitting(events: readonly ActivityRecord[]): number {
  let bytes = 0;
  for (let i = 0; i < events.length; i++) {
    if (i === mostActivityEvents) return i;
    const { caller = '', reason = '' } = events[i] ?? {};
    bytes += plainEventBytes + 4 * (caller.length + reason.length);
    if (bytes > mostBytes && i > 0) return i;
  }
  return events.length;
}
