import { accountMark, sessionMark } from '../../auth/token-session.js';
import { type EndEntry, endsKeptMs, type SessionEntry } from '../../bus/account-messages.js';
import type { Bus, Stop, Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { stores } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { PersonalData } from '../personal-data.js';

/** What another process has ended is left to it for so long to tell, milliseconds. */
const patienceMs = 2_000;
/** Between two looks at what was not told, milliseconds. */
const lookMs = 1_000;

/** Something that is over, and shall be told. */
interface Due {
  readonly beforeMs: number | undefined;
  /** When it ended, by the clock of who ended it. */
  readonly endedAtMs: number;
  /** Known here since, by this process's own clock. */
  readonly sinceMs: number;
}

interface EndsOptions {
  /** Claim `iss` of the tokens. */
  readonly issuer: string;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Tells hubs which sessions are over. Whoever ends one tells it; what was not told, since that process is gone or the bucket
 * was lost, whichever process sees it tells.
 */
export class SessionEnds implements PersonalData {
  readonly name = 'ends';
  readonly #store: Store<EndEntry>;
  readonly #options: EndsOptions;
  /** What hubs can read, by mark. */
  readonly #told = new Map<string, EndEntry>();
  readonly #due = new Map<string, Due>();
  /** Those of `#due` that hubs can not read yet. */
  readonly #untold = new Set<string>();
  /** Sessions whose entries say that they are over, and not since when. */
  readonly #undated = new Set<string>();
  readonly #stops: Stop[];
  #mending: Promise<void> | undefined;

  private constructor(store: Store<EndEntry>, stops: Stop[], options: EndsOptions) {
    this.#store = store;
    this.#options = options;
    this.#stops = stops;
  }

  /** Throws `STORE_UNAVAILABLE`. */
  static async open(bus: Bus, options: EndsOptions): Promise<SessionEnds> {
    const { issuer } = options;
    const store = await bus.store(stores.accountEnds);
    const sessions = await bus.store(stores.accountSessions);
    const users = await bus.store(stores.accountUsers);
    const stops: Stop[] = [];
    const ends = new SessionEnds(store, stops, options);
    let allSeen = false;
    const watching = sessions.watch((session, entry) => {
      const endedAtMs = ends.#endOf(session, entry?.value, allSeen);
      if (endedAtMs !== undefined) ends.#note(sessionMark(issuer, session), undefined, endedAtMs);
    });
    void watching.ready.then(() => {
      allSeen = true;
    });
    stops.push(
      watching.stop,
      store.watch((mark, entry) => ends.#heard(mark, entry?.value)).stop,
      users.watch((_key, entry) => {
        if (entry === undefined || entry.value.sessionsFromMs === 0) return;
        const { email, sessionsFromMs } = entry.value;
        ends.#note(accountMark(issuer, email), sessionsFromMs, sessionsFromMs);
      }).stop,
    );
    const look = setInterval(() => ends.#look(), lookMs).unref();
    stops.push(() => clearInterval(look));
    return ends;
  }

  /** A session is over. Throws `STORE_UNAVAILABLE`, `STORE_FULL`: then it is told later. */
  async ofSession(session: string): Promise<void> {
    await this.#tell(sessionMark(this.#options.issuer, session), undefined);
  }

  /** The sessions of an account that began before a moment are over. Throws `STORE_UNAVAILABLE`, `STORE_FULL`. */
  async ofAccount(email: string, beforeMs: number): Promise<void> {
    await this.#tell(accountMark(this.#options.issuer, email), beforeMs);
  }

  /** Nothing but a hash is kept. */
  async exportOf(): Promise<undefined> {}

  /** Whoever is removed has no sessions any more, and hubs have to hear it. */
  eraseOf(email: string): Promise<void> {
    return this.ofAccount(email, this.#options.now() + 1);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#mending;
  }

  async #tell(mark: string, beforeMs: number | undefined): Promise<void> {
    const write: EndEntry = {
      v: 1,
      ...(beforeMs === undefined ? {} : { beforeMs }),
      atMs: this.#options.now(),
    };
    await compareAndSet(this.#store, mark, (entry) =>
      covers(entry, beforeMs) ? { result: undefined } : { write, result: undefined },
    );
  }

  /**
   * When a session has ended; undefined: it has not, or nobody knows. Older versions do not write it down: what they end while
   * this process looks on has ended then, and what they had ended before is too old to be told again at each start.
   */
  #endOf(session: string, entry: SessionEntry | undefined, lookingOn: boolean): number | undefined {
    if (entry?.ended === undefined) {
      this.#undated.delete(session);
      return undefined;
    }
    if (entry.endedAtMs !== undefined) return entry.endedAtMs;
    // A watch that starts anew tells all of them again.
    const known = this.#undated.has(session);
    this.#undated.add(session);
    return lookingOn && !known ? this.#options.now() : undefined;
  }

  #heard(mark: string, entry: EndEntry | undefined): void {
    if (entry === undefined) this.#told.delete(mark);
    else this.#told.set(mark, entry);
    this.#compare(mark);
  }

  #note(mark: string, beforeMs: number | undefined, endedAtMs: number): void {
    if (endedAtMs + endsKeptMs < this.#options.now()) return;
    this.#due.set(mark, { beforeMs, endedAtMs, sinceMs: performance.now() });
    this.#compare(mark);
  }

  #compare(mark: string): void {
    const due = this.#due.get(mark);
    if (due === undefined || covers(this.#told.get(mark), due.beforeMs)) this.#untold.delete(mark);
    else this.#untold.add(mark);
  }

  #look(): void {
    const nowMs = this.#options.now();
    for (const [mark, { atMs }] of this.#told) if (atMs + endsKeptMs < nowMs) this.#told.delete(mark);
    for (const [mark, { endedAtMs }] of this.#due) {
      if (endedAtMs + endsKeptMs >= nowMs) continue;
      this.#due.delete(mark);
      this.#untold.delete(mark);
    }
    if (this.#untold.size === 0 || this.#mending !== undefined) return;
    this.#mending = this.#mend()
      .catch((thrown: unknown) => {
        this.#options.log.warn(`that sessions are over is told to hubs later: ${errorText(thrown)}`);
      })
      .finally(() => {
        this.#mending = undefined;
      });
  }

  async #mend(): Promise<void> {
    for (const mark of [...this.#untold]) {
      const due = this.#due.get(mark);
      if (due !== undefined && performance.now() - due.sinceMs >= patienceMs) {
        await this.#tell(mark, due.beforeMs);
      }
    }
  }
}

/** Whether what is told says this already. */
function covers(entry: EndEntry | undefined, beforeMs: number | undefined): boolean {
  return entry !== undefined && (beforeMs === undefined || (entry.beforeMs ?? 0) >= beforeMs);
}
