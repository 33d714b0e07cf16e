import type { TokenSession } from '../auth/token-session.js';
import { type EndEntry, endsKeptMs } from '../bus/account-messages.js';
import type { Store } from '../bus/bus.js';

/** How often what is over for long is forgotten, unless it is told otherwise, in milliseconds. */
const minuteMs = 60_000;

/** The sessions of accounts that are over, as account services tell, mirrored so that a token of one is refused without asking. */
export class EndedSessions {
  readonly #ends = new Map<string, EndEntry>();
  readonly #watch: ReturnType<Store<EndEntry>['watch']>;
  readonly #forgetting: NodeJS.Timeout;

  /** @param options.now Unix time in milliseconds; default `Date.now` */
  constructor(
    store: Pick<Store<EndEntry>, 'watch'>,
    { now = Date.now, forgetEveryMs = minuteMs }: { now?: () => number; forgetEveryMs?: number } = {},
  ) {
    this.#watch = store.watch(
      (mark, entry) => {
        if (entry === undefined) this.#ends.delete(mark);
        else this.#ends.set(mark, entry.value);
      },
      // What a server has lost is over all the same.
      { restarted: () => {}, lost: () => {} },
    );
    this.#forgetting = setInterval(() => this.#forget(now()), forgetEveryMs).unref();
  }

  /** Resolves when all that was there is known. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Whether a session is over: by itself, or with all of its account. */
  isOver({ session, account, beganMs }: TokenSession): boolean {
    return this.#ends.has(session) || beganMs < (this.#ends.get(account)?.beforeMs ?? 0);
  }

  stop(): void {
    clearInterval(this.#forgetting);
    this.#watch.stop();
  }

  /** The bucket forgets by itself, and does not tell. */
  #forget(nowMs: number): void {
    for (const [mark, { atMs }] of this.#ends) if (atMs + endsKeptMs < nowMs) this.#ends.delete(mark);
  }
}
