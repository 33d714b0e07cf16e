import { createHash } from 'node:crypto';
import type { AccountEntry } from '../../bus/account-messages.js';
import type { Bus, Entry, Stop, Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { stores } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { PersonalData } from '../personal-data.js';
import { normalAddress } from './address.js';
import type { AccountView } from './methods.js';

/** The longest that a use goes untold, milliseconds. */
const seenEveryMs = 60_000;

/** Under which key of its buckets there is something of an address: a hash, so that keys tell no addresses. */
export function addressKey(email: string): string {
  return createHash('sha256').update(email).digest('base64url');
}

/** The accounts, in their bucket. */
export class Directory implements PersonalData {
  readonly name = 'account';
  readonly #store: Store<AccountEntry>;
  readonly #admins: ReadonlySet<string>;
  readonly #onlineMs: number;
  readonly #now: () => number;
  /** By key, for lists: what this process has heard of. */
  readonly #known = new Map<string, Entry<AccountEntry>>();
  readonly #stopWatching: Stop;

  private constructor(
    store: Store<AccountEntry>,
    options: { admins: ReadonlySet<string>; onlineMs: number; now: () => number },
  ) {
    this.#store = store;
    this.#admins = options.admins;
    this.#onlineMs = options.onlineMs;
    this.#now = options.now;
    const watch = store.watch((key, entry) => {
      if (entry === undefined) this.#known.delete(key);
      else this.#known.set(key, entry);
    });
    this.#stopWatching = watch.stop;
  }

  /** Throws `STORE_UNAVAILABLE`. */
  static async open(
    bus: Bus,
    options: { admins: readonly string[]; onlineMs: number; now: () => number },
  ): Promise<Directory> {
    const admins = new Set(options.admins.map((each) => normalAddress(each) ?? each));
    return new Directory(await bus.store(stores.accountUsers), { ...options, admins });
  }

  async get(email: string): Promise<AccountEntry | undefined> {
    return (await this.#store.get(addressKey(email)))?.value;
  }

  /** Makes the account where it is not there yet; resolves to whether it was not. */
  async ensure(email: string): Promise<boolean> {
    const nowMs = this.#now();
    const write: AccountEntry = {
      v: 1,
      email,
      createdAtMs: nowMs,
      admin: false,
      seenAtMs: nowMs,
      sessionsFromMs: 0,
    };
    const { result } = await compareAndSet(this.#store, addressKey(email), (value) =>
      value === undefined ? { write, result: true } : { result: false },
    );
    return result;
  }

  /** It was used. */
  async seen(email: string): Promise<void> {
    const nowMs = this.#now();
    await this.#change(email, (entry) =>
      nowMs - entry.seenAtMs < seenEveryMs ? undefined : { ...entry, seenAtMs: nowMs },
    );
  }

  /** All its sessions are over, those that began before the moment that this resolves to. Throws `NOT_FOUND`. */
  async endSessions(email: string): Promise<number> {
    const sessionsFromMs = this.#now() + 1;
    await this.#change(email, (entry) => ({ ...entry, sessionsFromMs }));
    return sessionsFromMs;
  }

  /** Throws `NOT_FOUND`, and `PRECONDITION_FAILED` for an administrator of the configuration. */
  async promote(email: string, admin: boolean): Promise<AccountView> {
    if (!admin && this.#admins.has(email)) {
      throw new PosternError('PRECONDITION_FAILED', `${email} is an administrator by the configuration`);
    }
    return this.view(await this.#change(email, (entry) => ({ ...entry, admin })));
  }

  isAdmin(entry: AccountEntry): boolean {
    return entry.admin || this.#admins.has(entry.email);
  }

  isOnline(entry: AccountEntry): boolean {
    return this.#now() - entry.seenAtMs <= this.#onlineMs;
  }

  view(entry: AccountEntry): AccountView {
    const { email, createdAtMs, seenAtMs } = entry;
    return { email, createdAtMs, seenAtMs, admin: this.isAdmin(entry), online: this.isOnline(entry) };
  }

  /** So many behind an address, in the order of addresses. */
  list(after: string, limit: number): { accounts: AccountView[]; more: boolean } {
    const behind = [...this.#known.values()]
      .map(({ value }) => value)
      .filter(({ email }) => email > after)
      .sort((one, other) => (one.email < other.email ? -1 : 1));
    return { accounts: behind.slice(0, limit).map((entry) => this.view(entry)), more: behind.length > limit };
  }

  async exportOf(email: string): Promise<unknown> {
    const entry = await this.get(email);
    return entry === undefined ? undefined : this.view(entry);
  }

  async eraseOf(email: string): Promise<void> {
    await this.#store.erase(addressKey(email));
  }

  stop(): void {
    this.#stopWatching();
  }

  async #change(
    email: string,
    change: (entry: AccountEntry) => AccountEntry | undefined,
  ): Promise<AccountEntry> {
    const { value } = await compareAndSet(this.#store, addressKey(email), (entry) => {
      if (entry === undefined) throw new PosternError('NOT_FOUND', `there is no account of ${email}`);
      return { write: change(entry), result: undefined };
    });
    if (value === undefined) throw new PosternError('NOT_FOUND', `there is no account of ${email}`);
    return value;
  }
}
