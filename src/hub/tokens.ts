import { joinSecretMatches, makeJoinToken, newTokenId, parseJoinToken } from '../auth/join-tokens.js';
import type { Store } from '../bus/bus.js';
import { compareAndSet, type Decision } from '../bus/compare-and-set.js';
import type { Labels, TokenEntry } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { Restoration } from './restore.js';

/** What `ListTokens` shows of a token. */
export type TokenState = 'unused' | 'used' | 'valid' | 'expired' | 'revoked';

/** How long an expired token stays listed, in milliseconds, before it is deleted. */
const keptAfterExpiryMs = 24 * 3600_000;

/** The tokens that were made, mirrored so that a revoked one is noticed without asking. */
export class TokenRegistry {
  readonly #store: Store<TokenEntry>;
  readonly #mirror = new Map<string, TokenEntry>();
  readonly #watch: { ready: Promise<void>; stop: () => void };
  readonly #restoration: Restoration<TokenEntry>;

  constructor(store: Store<TokenEntry>) {
    this.#store = store;
    this.#restoration = new Restoration(store, (id) => this.#mirror.get(id));
    this.#watch = store.watch(
      (id, entry) => {
        if (entry === undefined) this.#mirror.delete(id);
        else this.#mirror.set(id, entry.value);
      },
      { restarted: () => {}, lost: (id) => this.#restoration.lost(id) },
    );
  }

  /** Resolves when the mirror holds all that was there. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  stop(): void {
    this.#watch.stop();
    this.#restoration.stop();
  }

  /** What is known of a token. */
  get(id: string): TokenEntry | undefined {
    return this.#mirror.get(id);
  }

  isRevoked(id: string): boolean {
    return this.#mirror.get(id)?.revokedAtMs !== undefined;
  }

  /** The same; asks the bucket, not the mirror. Throws what the store throws. */
  async wasRevoked(id: string): Promise<boolean> {
    return (await this.#store.get(id))?.value.revokedAtMs !== undefined;
  }

  /** All tokens that have not expired, by the time they were made. */
  list(nowMs: number): TokenEntry[] {
    const alive = [...this.#mirror.values()].filter(
      (entry) => entry.expiresAtMs > nowMs || standsForKey(entry),
    );
    return alive.sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Makes a token that binds keys to `node`; the secret is in the answer alone. */
  async createJoin(order: {
    node: string;
    createdBy: string;
    nowMs: number;
    lifeMs: number;
    /** How many keys; default one. */
    mostUses?: number;
    /** Labels that the node is given. */
    labels?: Labels;
  }): Promise<{ entry: TokenEntry; token: string }> {
    const { id, token, secretHash } = makeJoinToken();
    const entry: TokenEntry = {
      v: 1,
      id,
      kind: 'join',
      subject: order.node,
      secretHash,
      createdBy: order.createdBy,
      createdAtMs: order.nowMs,
      expiresAtMs: order.nowMs + order.lifeMs,
      ...(order.mostUses === undefined || order.mostUses === 1 ? {} : { mostUses: order.mostUses }),
      ...(order.labels === undefined ? {} : { labels: order.labels }),
    };
    await this.#create(entry);
    return { entry, token };
  }

  /** Notes a caller token that is about to be signed. */
  async createCaller(order: {
    subject: string;
    createdBy: string;
    nowMs: number;
    lifeMs: number;
    /** What it allows, to be shown. */
    policy?: string;
  }): Promise<TokenEntry> {
    const entry: TokenEntry = {
      v: 1,
      id: newTokenId(),
      kind: 'caller',
      subject: order.subject,
      createdBy: order.createdBy,
      createdAtMs: order.nowMs,
      expiresAtMs: order.nowMs + order.lifeMs,
      ...(order.policy === undefined ? {} : { policy: order.policy }),
    };
    await this.#create(entry);
    return entry;
  }

  /**
   * Uses a join token for a key; the same key may do so again. Resolves to the token's id and the labels that it gives.
   * Throws `TOKEN_INVALID`, `TOKEN_USED` or `TOKEN_EXPIRED`.
   */
  async useJoin(
    text: string,
    node: string,
    key: string,
    nowMs: number,
  ): Promise<{ id: string; labels: Labels | undefined }> {
    const parts = parseJoinToken(text);
    if (parts === undefined) throw invalid();
    const decide = (entry: TokenEntry | undefined, known: boolean): Decision<TokenEntry, undefined> => {
      const hash = entry?.secretHash;
      if (entry === undefined && known) {
        throw new PosternError(
          'STORE_UNAVAILABLE',
          'the registry has lost the token, which is written back now',
        );
      }
      if (entry === undefined || hash === undefined || !joinSecretMatches(parts.secret, hash))
        throw invalid();
      if (entry.subject !== node || entry.revokedAtMs !== undefined) throw invalid();
      if (usersOf(entry).includes(key)) return { result: undefined };
      if (usersOf(entry).length >= (entry.mostUses ?? 1)) {
        throw new PosternError('TOKEN_USED', usedUp(entry));
      }
      if (entry.expiresAtMs <= nowMs) throw new PosternError('TOKEN_EXPIRED', 'the join token has expired');
      return { write: usedBy(entry, key), result: undefined };
    };
    const isKnown = () => this.#mirror.has(parts.id);
    const { value } = await compareAndSet(this.#store, parts.id, decide, isKnown);
    return { id: parts.id, labels: value?.labels };
  }

  /** Makes a token worthless; resolves to what it is. Throws `TOKEN_UNKNOWN`. */
  async revoke(id: string, nowMs: number): Promise<TokenEntry> {
    const { result, value } = await compareAndSet(this.#store, id, (entry) => {
      if (entry === undefined) throw new PosternError('TOKEN_UNKNOWN', 'there is no token with this id');
      if (entry.revokedAtMs !== undefined) return { result: entry };
      const write = { ...entry, revokedAtMs: nowMs };
      return { write, result: write };
    });
    if (value !== undefined) this.#mirror.set(id, value);
    return result;
  }

  /** Deletes what expired more than a day ago. */
  async sweep(nowMs: number): Promise<void> {
    const old = [...this.#mirror.values()].filter(
      (entry) => entry.expiresAtMs + keptAfterExpiryMs < nowMs && !standsForKey(entry),
    );
    for (const entry of old) await this.#store.delete(entry.id);
  }

  async #create(entry: TokenEntry): Promise<void> {
    await this.#store.create(entry.id, entry);
    this.#mirror.set(entry.id, entry);
  }
}

/** True for a join token that a program without keys shows each time: it was used, and goes on after its expiry. */
function standsForKey(entry: TokenEntry): boolean {
  return usersOf(entry).includes(`token-${entry.id}`);
}

/** The keys that a join token was used for, in turn. */
export function usersOf({ usedBy: first, alsoUsedBy = [] }: TokenEntry): readonly string[] {
  return first === undefined ? [] : [first, ...alsoUsedBy];
}

function usedBy(entry: TokenEntry, key: string): TokenEntry {
  if (entry.usedBy === undefined) return { ...entry, usedBy: key };
  return { ...entry, alsoUsedBy: [...(entry.alsoUsedBy ?? []), key] };
}

function usedUp({ mostUses = 1 }: TokenEntry): string {
  return mostUses === 1
    ? 'the join token was used for another key already'
    : `the join token was used for ${mostUses} other keys already, as many as it is for`;
}

/** What a token is good for now. */
export function tokenState(entry: TokenEntry, nowMs: number): TokenState {
  if (entry.revokedAtMs !== undefined) return 'revoked';
  if (entry.kind === 'join' && usersOf(entry).length >= (entry.mostUses ?? 1)) return 'used';
  if (entry.expiresAtMs <= nowMs) return 'expired';
  return entry.kind === 'join' && usersOf(entry).length === 0 ? 'unused' : 'valid';
}

function invalid(): PosternError {
  return new PosternError('TOKEN_INVALID', 'the join token is not valid for this node');
}
