import type { RecordOf } from '../../bus/result-records.js';
import { type Column, float64, int32, uint8, uint32 } from './columns.js';

/** What became of a message, by number; `none`: no outcome was recorded, `skipped`: it was never tried. */
export const fates = ['none', 'ok', 'fail', 'info', 'unknown', 'skipped'] as const;
export type Fate = (typeof fates)[number];

/** Numbers of messages of one lane that are kept together. */
const pageSize = 512;

/** The part of a SHA-256 that is kept: the chance that two differ and look the same is 1 in 2^64. */
export interface HashPart {
  readonly high: number;
  readonly low: number;
}

/** The first 64 bits of a SHA-256 in hexadecimal digits. */
export function hashPart(hash = ''): HashPart {
  return {
    high: Number.parseInt(hash.slice(0, 8), 16) >>> 0,
    low: Number.parseInt(hash.slice(8, 16), 16) >>> 0,
  };
}

/**
 * All messages that somebody told of, about 61 bytes each. A lane holds the messages of one sender in one test. Times are those of
 * the sender's own clock; NaN: not told.
 */
export class Messages {
  readonly #pages: Map<number, Int32Array>[];
  readonly #lane = uint32();
  readonly #seq = uint32();
  readonly #fate = uint8();
  readonly #isMeant = uint8();
  readonly #high = uint32();
  readonly #low = uint32();
  readonly #id = int32();
  readonly #kept = uint8();
  readonly #times = { due: float64(), meantAt: float64(), sentAt: float64(), endedAt: float64() };
  /** Its receipts: the first and the last, -1: there is none. */
  readonly firstReceipt: Column = int32();
  readonly lastReceipt: Column = int32();

  constructor(lanes: number) {
    this.#pages = Array.from({ length: lanes }, () => new Map());
  }

  get count(): number {
    return this.#seq.length;
  }

  /** The number of a message here, made where it has none. */
  number(lane: number, seq: number): number {
    const pages = this.#pages[lane];
    const which = Math.floor(seq / pageSize);
    let page = pages?.get(which);
    if (page === undefined) {
      page = new Int32Array(pageSize).fill(-1);
      pages?.set(which, page);
    }
    const known = page[seq % pageSize] ?? -1;
    if (known >= 0) return known;
    const made = this.count;
    page[seq % pageSize] = made;
    this.#lane.push(lane);
    this.#seq.push(seq);
    for (const column of [this.#fate, this.#isMeant, this.#high, this.#low, this.#kept]) column.push(0);
    for (const column of [this.#id, this.firstReceipt, this.lastReceipt]) column.push(-1);
    for (const column of Object.values(this.#times)) column.push(Number.NaN);
    return made;
  }

  /** The number of a message that somebody told of before; -1: nobody did. */
  known(lane: number, seq: number): number {
    return this.#pages[lane]?.get(Math.floor(seq / pageSize))?.[seq % pageSize] ?? -1;
  }

  /** The messages of a lane, by their numbers there. */
  *ofLane(lane: number): Generator<number> {
    const pages = [...(this.#pages[lane] ?? [])].sort(([one], [other]) => one - other);
    for (const [, page] of pages) for (const number of page) if (number >= 0) yield number;
  }

  /** It is about to be sent. */
  meant(number: number, { due, at, hash }: RecordOf<'intent'>): void {
    const { high, low } = hashPart(hash);
    this.#isMeant.set(number, 1);
    this.#high.set(number, high);
    this.#low.set(number, low);
    this.#times.due.set(number, due);
    this.#times.meantAt.set(number, at);
  }

  /** What became of it. */
  ended(number: number, { result, at, sentAt, ackAt }: RecordOf<'outcome'>, id: number): void {
    this.#fate.set(number, fates.indexOf(result));
    this.#times.sentAt.set(number, sentAt ?? Number.NaN);
    this.#times.endedAt.set(number, ackAt ?? at);
    this.#id.set(number, id);
  }

  /** Its time was over before it was tried. */
  skipped(number: number, { due, at }: RecordOf<'slip'>): void {
    this.#fate.set(number, fates.indexOf('skipped'));
    this.#times.due.set(number, due);
    this.#times.endedAt.set(number, at);
  }

  /** Its sender's daemon listed it in this reading of everything. */
  kept(number: number, reading: number): void {
    this.#kept.set(number, reading);
  }

  /** The last reading in which its sender's daemon listed it; 0: none. */
  keptIn(number: number): number {
    return this.#kept.at(number);
  }

  lane(number: number): number {
    return this.#lane.at(number);
  }

  /** Its number among the messages of its lane. */
  seq(number: number): number {
    return this.#seq.at(number);
  }

  fate(number: number): Fate {
    return fates[this.#fate.at(number)] ?? 'none';
  }

  /** Whether it is known that it was to be sent, and with which hash. */
  isMeant(number: number): boolean {
    return this.#isMeant.at(number) === 1;
  }

  hasHash(number: number, { high, low }: HashPart): boolean {
    return this.isMeant(number) && this.#high.at(number) === high && this.#low.at(number) === low;
  }

  /** Number of the text that tells its id, or why it was not sent; -1: none. */
  text(number: number): number {
    return this.#id.at(number);
  }

  time(number: number, which: 'due' | 'meantAt' | 'sentAt' | 'endedAt'): number {
    return this.#times[which].at(number);
  }
  /** When it was sent, as well as that is known. */
  sentAt(number: number): number {
    const { sentAt, meantAt, endedAt } = this.#times;
    const told = [sentAt, meantAt, endedAt].find((times) => !Number.isNaN(times.at(number)));
    return told?.at(number) ?? Number.NaN;
  }
}
