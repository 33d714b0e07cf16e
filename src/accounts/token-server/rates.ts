import { ownNetworkOf } from '../../wire/networks.js';

/** Requests of one client in a burst, and per second afterwards: a fleet of a hundred daemons behind one address may begin at once. */
const burst = 300;
const perSecond = 20;
/** So many clients are remembered. */
const mostClients = 10_000;

/** Lets nobody ask too often, by their IPv4 address or /64 network of IPv6. */
export class Rates {
  readonly #now: () => number;
  /** What each has left, and since when; who has asked last stands last. */
  readonly #left = new Map<string, { readonly requests: number; readonly atMs: number }>();

  /** `now` counts milliseconds up. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether a client may ask now. */
  admits(address: string): boolean {
    const client = ownNetworkOf(address);
    const atMs = this.#now();
    const before = this.#left.get(client) ?? { requests: burst, atMs };
    const requests = Math.min(burst, before.requests + ((atMs - before.atMs) / 1000) * perSecond);
    this.#left.delete(client);
    this.#left.set(client, { requests: requests >= 1 ? requests - 1 : requests, atMs });
    if (this.#left.size > mostClients) {
      const oldest = this.#left.keys().next();
      if (oldest.done !== true) this.#left.delete(oldest.value);
    }
    return requests >= 1;
  }
}
