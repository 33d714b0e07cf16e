import { ownNetworkOf } from '../wire/networks.js';

/** Failed attempts that an address has at once; they come back one by one. */
const burst = 30;
/** Milliseconds after which one failed attempt is forgiven. */
const forgivenEveryMs = 2_000;
const mostAddresses = 10_000;

/** Slows down whoever guesses: counts the failed attempts of each IPv4 address, and of each /64 network of IPv6. */
export class FailedAttempts {
  readonly #now: () => number;
  /** When all failures of an address will be forgiven, in the clock's milliseconds; oldest entry first. */
  readonly #paidAt = new Map<string, number>();

  /** `now` counts milliseconds up; default `performance.now`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** False when the address has failed too often lately. */
  mayTry(address: string): boolean {
    const debt = (this.#paidAt.get(ownNetworkOf(address)) ?? 0) - this.#now();
    return debt <= (burst - 1) * forgivenEveryMs;
  }

  failed(address: string): void {
    const now = this.#now();
    const client = ownNetworkOf(address);
    const owed = Math.max(this.#paidAt.get(client) ?? 0, now) + forgivenEveryMs;
    // Whoever is refused may go on trying: that must not lock an address out for hours, which others share.
    const paidAt = Math.min(owed, now + burst * forgivenEveryMs);
    this.#paidAt.delete(client);
    this.#paidAt.set(client, paidAt);
    for (const [oldest, at] of this.#paidAt) {
      if (at > now && this.#paidAt.size <= mostAddresses) break;
      this.#paidAt.delete(oldest);
    }
  }
}
