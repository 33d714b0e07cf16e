import { randomBytes } from 'node:crypto';
import type { SessionEntry } from '../../bus/account-messages.js';
import type { Bus, Stop, Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { stores } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { PersonalData } from '../personal-data.js';
import { readAll } from '../read-all.js';
import type { SessionEnds } from './session-ends.js';
import { sweepEvery } from './sweep.js';
import type { AccountTokens } from './tokens.js';

/** An entry stays for so long behind its end, so that a refresh token that comes late is told from none, milliseconds. */
const keptMs = 3_600_000;

/**
 * Whoever has not got the answer to a refresh may ask again within so long, milliseconds, as long as nobody has come with what
 * the answer held.
 */
const graceMs = 30_000;

/** A name for a session that nobody else has. */
export function newSession(): string {
  return randomBytes(16).toString('base64url');
}

/** The sessions, in their bucket. */
export class Sessions implements PersonalData {
  readonly name = 'sessions';
  readonly #store: Store<SessionEntry>;
  readonly #tokens: AccountTokens;
  readonly #ends: Pick<SessionEnds, 'ofSession'>;
  readonly #lifeMs: number;
  readonly #now: () => number;
  readonly #stopSweeping: Stop;

  private constructor(store: Store<SessionEntry>, { tokens, ends, lifeMs, now }: SessionsOptions) {
    this.#store = store;
    this.#tokens = tokens;
    this.#ends = ends;
    this.#lifeMs = lifeMs;
    this.#now = now;
    this.#stopSweeping = sweepEvery(store, ({ expiresAtMs }) => expiresAtMs + keptMs < now());
  }

  /** Throws `STORE_UNAVAILABLE`. */
  static async open(bus: Bus, options: SessionsOptions): Promise<Sessions> {
    return new Sessions(await bus.store(stores.accountSessions), options);
  }

  /** Begins a session under this name; the same request finds it begun. */
  async begin(session: string, email: string, request: string): Promise<SessionEntry> {
    const nowMs = this.#now();
    const fresh: SessionEntry = {
      v: 1,
      email,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + this.#lifeMs,
      generation: 0,
      refreshedBy: request,
    };
    const { value } = await compareAndSet(this.#store, session, (entry) =>
      entry === undefined ? { write: fresh, result: undefined } : { result: undefined },
    );
    return value ?? fresh;
  }

  /** Takes back a session that was begun for nobody. */
  async unbegin(session: string): Promise<void> {
    await this.#store.erase(session);
  }

  /** A session that goes on. Undefined: it is over, or never was. */
  async open(session: string): Promise<SessionEntry | undefined> {
    const entry = (await this.#store.get(session))?.value;
    return entry === undefined || entry.ended !== undefined || entry.expiresAtMs <= this.#now()
      ? undefined
      : entry;
  }

  /**
   * Takes a refresh token and goes on to the next one. Who asks again is given the same one: by the same request, or soon after,
   * while nobody has used it. Anybody else who comes with a token that was used has a copy of it, and ends the session. Throws
   * `UNAUTHENTICATED`.
   */
  async refresh(text: string, request: string): Promise<{ session: string; entry: SessionEntry }> {
    const { session, generation } = this.#tokens.readRefresh(text);
    const nowMs = this.#now();
    const over = new PosternError('UNAUTHENTICATED', 'the session is over: log in again');
    const { result, value } = await compareAndSet(this.#store, session, (entry) => {
      if (entry === undefined || entry.ended !== undefined || entry.expiresAtMs <= nowMs) throw over;
      if (entry.generation === generation) {
        const given = { generation: generation + 1, refreshedBy: request, refreshedAtMs: nowMs };
        return { write: { ...entry, ...given, expiresAtMs: nowMs + this.#lifeMs }, result: true };
      }
      const unused = entry.generation === generation + 1;
      const soon = nowMs - (entry.refreshedAtMs ?? 0) <= graceMs;
      if (unused && (soon || entry.refreshedBy === request)) return { result: true };
      return { write: { ...entry, ended: 'reuse' as const, endedAtMs: nowMs }, result: false };
    });
    if (!result) await this.#ends.ofSession(session);
    if (!result || value === undefined) {
      throw new PosternError(
        'UNAUTHENTICATED',
        'the refresh token was used before, so that somebody has a copy: the session is ended, log in again',
      );
    }
    return { session, entry: value };
  }

  /** Ends a session; one that is over stays so. */
  async end(session: string): Promise<void> {
    const endedAtMs = this.#now();
    await compareAndSet(this.#store, session, (entry) =>
      entry === undefined || entry.ended !== undefined
        ? { result: undefined }
        : { write: { ...entry, ended: 'logout' as const, endedAtMs }, result: undefined },
    );
    await this.#ends.ofSession(session);
  }

  async exportOf(email: string): Promise<unknown> {
    const own = (await this.#of(email)).map(({ value: { createdAtMs, expiresAtMs, ended } }) => {
      return { createdAtMs, expiresAtMs, ...(ended === undefined ? {} : { ended }) };
    });
    return own.length === 0 ? undefined : own;
  }

  async eraseOf(email: string): Promise<void> {
    for (const { key } of await this.#of(email)) await this.#store.erase(key);
  }

  /** Those of an address. */
  async #of(email: string) {
    return (await readAll(this.#store)).filter(({ value }) => value.email === email);
  }

  stop(): void {
    this.#stopSweeping();
  }
}

interface SessionsOptions {
  readonly tokens: AccountTokens;
  /** Hubs hear by it that a session is over. */
  readonly ends: Pick<SessionEnds, 'ofSession'>;
  /** What nobody goes on with for so long is over. */
  readonly lifeMs: number;
  readonly now: () => number;
}
