import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { PeerLink } from './link.js';
import type { Session } from './session.js';

/** How soon a peer that is lost is tried again, in milliseconds. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/** What a target needs of who keeps the sessions. */
export interface TargetPort {
  dial(address: string): Promise<PeerLink>;
  /** Makes a session of it; undefined where there is a better one already. */
  adopt(link: PeerLink, address: string): Session | undefined;
  session(key: Buffer): Session | undefined;
  /** How long the peer must be left alone yet, in milliseconds. */
  bannedMs(key: Buffer): number;
  readonly backoff: Backoff;
  readonly log: Logger;
}

/** A connection that has lasted so long was a good one: trying begins anew, in milliseconds. */
const goodMs = 5_000;
/** Somebody whom others have told of is forgotten after so many attempts in a row. */
const mostAttempts = 8;

/** A peer to be connected to, again and again. */
export class Target {
  readonly #port: TargetPort;
  /** Tried in this order. */
  addresses: readonly string[];
  /** Who it is; undefined before it was reached for the first time. */
  key: Buffer | undefined;
  #failures = 0;
  #stopped = false;
  #wake: () => void = () => {};
  /** Resolves when it is tried no more. */
  readonly done: Promise<void>;

  /** One with a key was told of by others, and is given up some time. */
  constructor(addresses: readonly string[], key: Buffer | undefined, port: TargetPort) {
    this.addresses = addresses;
    this.key = key;
    this.#port = port;
    this.done = this.#run(key === undefined ? Number.POSITIVE_INFINITY : mostAttempts);
  }

  /** Tries at once, if it waits. */
  hurry(): void {
    this.#failures = 0;
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #run(attempts: number): Promise<void> {
    while (!this.#stopped && this.#failures < attempts) {
      const session = this.key && this.#port.session(this.key);
      if (session !== undefined) {
        await Promise.race([session.link.closed, this.#sleep(undefined)]);
        if (performance.now() - session.sinceMs > goodMs) this.#failures = 0;
        else this.#failures += 1;
      } else if (!(await this.#attempt())) this.#failures += 1;
      else continue;
      if (!this.#stopped) await this.#sleep(this.#pauseMs());
    }
  }

  async #attempt(): Promise<boolean> {
    for (const address of this.addresses) {
      if (this.#stopped) return false;
      try {
        const link = await this.#port.dial(address);
        this.key = link.remote.key;
        this.#port.adopt(link, address);
        return this.#port.session(this.key) !== undefined;
      } catch (thrown) {
        this.#port.log.debug({ peer: address, reason: errorText(thrown) }, 'a peer cannot be reached');
      }
    }
    return false;
  }

  /** Doubles with each failure, with jitter of a half, so that daemons do not try in step. */
  #pauseMs(): number {
    const { minMs, maxMs } = this.#port.backoff;
    const most = Math.min(maxMs, minMs * 2 ** Math.min(this.#failures, 20));
    const banned = this.key === undefined ? 0 : this.#port.bannedMs(this.key);
    return Math.max(banned, most * (0.5 + Math.random() / 2));
  }

  async #sleep(ms: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
