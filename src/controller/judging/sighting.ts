import type { CompleteReading } from './readings.js';
import type { Receipts } from './receipts.js';

/** So many subscriptions and ids of one message are told apart. */
const mostLive = 64;

/** How one message came to one receiver. Used again for the next one, so that none has to be made for each. */
export class Sighting {
  /** The first receipt with the right content; -1: there is none. */
  first = -1;
  /** Something came, with whatever content. */
  came = false;
  /** It came with other content than it was sent with. */
  isCorrupt = false;
  /** It came under two ids. */
  wasResent = false;
  /** It came twice under one id in one subscription. */
  wasDoubled = false;
  /** It came again since it was subscribed again. */
  replays = 0;
  /** By how many numbers it came behind its turn. */
  displacement = 0;
  #id = -1;
  /** Before it came first, so many readings of all had begun; -1: it came in a reading only. */
  #readingsBefore = -1;
  /** The last reading that it was in; 0: none. */
  #lastReading = 0;
  /** The subscription and id of each that came live, where there are more than one. */
  readonly #live: { readonly id: number; readonly subscription: number }[] = [];

  reset(): void {
    this.first = -1;
    this.came = false;
    this.isCorrupt = false;
    this.wasResent = false;
    this.wasDoubled = false;
    this.replays = 0;
    this.displacement = 0;
    this.#id = -1;
    this.#readingsBefore = -1;
    this.#lastReading = 0;
    this.#live.length = 0;
  }

  /** Takes the next receipt in. `isJudged`: it is known what the message must hold. */
  take(receipts: Receipts, receipt: number, isJudged: boolean, displacement: number): void {
    this.came = true;
    if (!isJudged) return;
    const way = receipts.way(receipt);
    if (way === 'final') this.#lastReading = Math.max(this.#lastReading, receipts.reading(receipt));
    if (!receipts.isRight(receipt)) {
      this.isCorrupt = true;
      return;
    }
    const id = receipts.id(receipt);
    const isKnown = this.first >= 0;
    if (!isKnown) {
      this.first = receipt;
      this.displacement = displacement;
      this.#id = id;
    } else if (id !== this.#id) this.wasResent = true;
    if (way === 'final') return;
    const cameBefore = this.#readingsBefore >= 0;
    if (!cameBefore) this.#readingsBefore = receipts.reading(receipt);
    if (way === 'live' && this.#isDoubled(id, receipts.subscription(receipt))) this.wasDoubled = true;
    else if (cameBefore && id === this.#id) this.replays++;
  }

  /** Whether all that came of it as it should came in readings of everything. */
  get wasReadOnly(): boolean {
    return this.first >= 0 && this.#readingsBefore < 0;
  }

  /** Whether it had come before this reading began and was not in it. */
  isVanished({ number, isBeginTold }: CompleteReading): boolean {
    const before = this.#readingsBefore >= 0 && this.#readingsBefore < number;
    return isBeginTold && before && this.#lastReading < number;
  }

  #isDoubled(id: number, subscription: number): boolean {
    if (this.wasDoubled) return true;
    if (this.#live.some((one) => one.id === id && one.subscription === subscription)) return true;
    if (this.#live.length < mostLive) this.#live.push({ id, subscription });
    return false;
  }
}
