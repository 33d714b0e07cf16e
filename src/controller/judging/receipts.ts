import type { RecordOf } from '../../bus/result-records.js';
import { type Column, float64, int32, uint8, uint16, uint32 } from './columns.js';
import { hashPart, type Messages } from './messages.js';

/** How a message came, by number. */
export const ways = ['live', 'replay', 'final'] as const;

/** Where and when a receipt was recorded. */
export interface ReceiptPlace {
  /** Place of the receiver among the members of the test. */
  readonly member: number;
  /** The subscription, other for each process of the agent. */
  readonly subscription: number;
  /** Of a `final` one: its reading; else how many readings had begun. */
  readonly reading: number;
  /** Number of the text that is the event's id. */
  readonly id: number;
}

/**
 * All receipts of messages, 34 bytes each, those of one message in a chain. Their numbers are in the order in which they
 * were added, so that those of one journal are in the journal's order. Times are those of the receiver's own clock.
 */
export class Receipts {
  readonly #messages: Messages;
  readonly #message = uint32();
  readonly #member = uint16();
  readonly #at = float64();
  readonly #id = int32();
  readonly #high = uint32();
  readonly #low = uint32();
  readonly #way = uint8();
  readonly #subscription = uint32();
  readonly #reading = uint8();
  readonly #next: Column = int32();

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  get count(): number {
    return this.#message.length;
  }

  add(message: number, record: RecordOf<'receipt'>, place: ReceiptPlace): void {
    const number = this.count;
    const { high, low } = hashPart(record.hash);
    this.#message.push(message);
    this.#member.push(place.member);
    this.#at.push(record.at);
    this.#id.push(place.id);
    this.#high.push(high);
    this.#low.push(low);
    this.#way.push(ways.indexOf(record.how));
    this.#subscription.push(place.subscription);
    this.#reading.push(place.reading);
    this.#next.push(-1);
    const { firstReceipt, lastReceipt } = this.#messages;
    const last = lastReceipt.at(message);
    if (last < 0) firstReceipt.set(message, number);
    else this.#next.set(last, number);
    lastReceipt.set(message, number);
  }

  /** The receipt of the same message behind this one; -1: there is none. */
  next(number: number): number {
    return this.#next.at(number);
  }

  message(number: number): number {
    return this.#message.at(number);
  }

  member(number: number): number {
    return this.#member.at(number);
  }

  at(number: number): number {
    return this.#at.at(number);
  }

  /** Number of the text that is the event's id. */
  id(number: number): number {
    return this.#id.at(number);
  }

  way(number: number): (typeof ways)[number] {
    return ways[this.#way.at(number)] ?? 'live';
  }

  subscription(number: number): number {
    return this.#subscription.at(number);
  }

  reading(number: number): number {
    return this.#reading.at(number);
  }

  /** Whether it holds what its message was to hold. */
  isRight(number: number): boolean {
    const part = { high: this.#high.at(number), low: this.#low.at(number) };
    return this.#messages.hasHash(this.message(number), part);
  }
}
