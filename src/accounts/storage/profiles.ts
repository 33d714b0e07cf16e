import { randomBytes } from 'node:crypto';
import type { ProfileEntry } from '../../bus/account-kept.js';
import type { Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { PosternError } from '../../errors.js';
import type { People } from '../people.js';
import type { PersonalData } from '../personal-data.js';
import { changed, type Profile } from './profile.js';

/** So many profiles are kept, unless it is configured otherwise. */
export const defaultMostProfiles = 100_000;
/** So many of the last requests about a profile are known again. */
const rememberedRequests = 16;

/** A profile as it is kept. */
export interface KeptProfile {
  readonly email: string;
  readonly profile: Profile;
  /** Names this state of it; another one after each change, and never one that another state had. */
  readonly revision: string;
}

/** A change somebody wants. */
export interface ProfileChange {
  readonly change: Profile;
  /** Only if this is the revision still; absent: whatever it is. */
  readonly expected?: string | undefined;
  /** Id of the request: one that comes again is carried out once. */
  readonly request: string;
}

/** Profiles of accounts, one for each address, in a bucket that several processes share; each call is atomic. */
export class Profiles implements PersonalData {
  readonly name = 'profile';
  readonly #store: Store<ProfileEntry>;
  readonly #people: Pick<People, 'key'>;
  readonly #most: number;
  readonly #now: () => number;

  /** @param options.now Unix time in milliseconds; default `Date.now`. */
  constructor(options: {
    readonly store: Store<ProfileEntry>;
    readonly people: Pick<People, 'key'>;
    /** Most profiles, with those that were removed; about as many more may come to be as are made at the same moment. */
    readonly most?: number | undefined;
    readonly now?: (() => number) | undefined;
  }) {
    this.#store = options.store;
    this.#people = options.people;
    this.#most = options.most ?? defaultMostProfiles;
    this.#now = options.now ?? Date.now;
  }

  /** Makes an empty profile. Throws `ALREADY_EXISTS`, `TOO_MANY`. */
  async create(email: string, request: string): Promise<KeptProfile> {
    const key = this.#people.key(email);
    const present = await this.#store.get(key);
    if (present === undefined && (await this.#store.count()) >= this.#most) {
      throw new PosternError(
        'TOO_MANY',
        `there is room for ${this.#most} profiles here, and all of it is taken`,
      );
    }
    const now = this.#now();
    const { result } = await compareAndSet(this.#store, key, (before) => {
      if (before !== undefined) return { result: before };
      const born = randomBytes(9).toString('base64url');
      const times = { createdAtMs: now, changedAtMs: now };
      const done = [{ request, changes: 0 }];
      const made: ProfileEntry = { v: 1, email, ...times, profile: {}, born, changes: 0, done };
      return { write: made, result: made };
    });
    if (result.done.every((one) => one.request !== request || one.changes !== 0)) {
      throw new PosternError('ALREADY_EXISTS', `there is a profile of ${email} already`);
    }
    return kept(result);
  }

  /** Undefined: there is none. */
  async get(email: string): Promise<KeptProfile | undefined> {
    const entry = await this.#store.get(this.#people.key(email));
    return entry === undefined ? undefined : kept(entry.value);
  }

  /**
   * Changes what is given, and nothing else: of two changes of different fields at the same time both stay. Throws
   * `NOT_FOUND`, `ARGUMENT_INVALID`, and `CONFLICT` when another revision was expected.
   */
  async update(email: string, { change, expected, request }: ProfileChange): Promise<KeptProfile> {
    const { result } = await compareAndSet(this.#store, this.#people.key(email), (before) => {
      if (before === undefined) throw noProfile(email);
      const earlier = before.done.find((one) => one.request === request);
      if (earlier !== undefined) return { result: { ...before, changes: earlier.changes } };
      if (expected !== undefined && expected !== revisionOf(before)) {
        throw new PosternError('CONFLICT', `the profile of ${email} was changed meanwhile: read it again`);
      }
      const changes = before.changes + 1;
      const made: ProfileEntry = {
        ...before,
        profile: changed(before.profile, change),
        changedAtMs: this.#now(),
        changes,
        done: [...before.done, { request, changes }].slice(-rememberedRequests),
      };
      return { write: made, result: made };
    });
    return kept(result);
  }

  /** Removes it, from the history of the bucket too, where its key alone stays; nothing happens where there is none. */
  delete(email: string): Promise<void> {
    return this.#store.erase(this.#people.key(email));
  }

  async exportOf(email: string): Promise<unknown> {
    const entry = await this.#store.get(this.#people.key(email));
    if (entry === undefined) return undefined;
    const { createdAtMs, changedAtMs, profile } = entry.value;
    const { headImage: head_image, ...rest } = profile;
    return { ...rest, head_image, created: isoTime(createdAtMs), changed: isoTime(changedAtMs) };
  }

  eraseOf(email: string): Promise<void> {
    return this.delete(email);
  }
}

/** What nobody is told more of than that there is none. */
export function noProfile(email: string): PosternError {
  return new PosternError('NOT_FOUND', `there is no profile of ${email}: CreateUser makes it`);
}

function kept(entry: ProfileEntry): KeptProfile {
  return { email: entry.email, profile: entry.profile, revision: revisionOf(entry) };
}

function revisionOf({ born, changes }: ProfileEntry): string {
  return `${born}.${changes}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
