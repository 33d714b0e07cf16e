import type { Store } from '../bus/bus.js';
import { compareAndSet, type Decision } from '../bus/compare-and-set.js';
import type { InstanceEntry, Labels, NodeEntry, Standing } from '../bus/messages.js';
import { PosternError } from '../errors.js';
import { type Claim, type ClaimResult, decideClaim } from './claims.js';
import { decideDrain } from './drained.js';
import { InTurn } from './in-turn.js';
import { decideKick } from './kicks.js';
import { Restoration } from './restore.js';
import { decideAllowance, decideRevocation, refuseRevoked } from './revoked.js';

const mostKeys = 64;
/** A change of a node waits so long for the others of this hub, in milliseconds; who says hello waits for 5 s. */
const longestWaitMs = 4_000;

/** What the hub that watches over a node has found of its instances. */
export interface Findings {
  /** New standing by instance id; `gone`: take it out. */
  readonly standings: ReadonlyMap<string, Standing | 'gone'>;
  /** When an instance was last known to be there, Unix time in milliseconds. */
  readonly lastSeenAtMs: number;
}

type Listener = (name: string, entry: NodeEntry | undefined) => void;

/**
 * The nodes of the whole installation: a mirror of the bucket to read from, and every change that a hub may make,
 * as bounded compare-and-set; the changes of one node from here wait for each other, so that only hubs compete.
 * Operations throw `PosternError` `STORE_UNAVAILABLE`, `STORE_BUSY` or `STORE_CONFLICT`.
 */
export class NodeRegistry {
  readonly #store: Store<NodeEntry>;
  readonly #mirror = new Map<string, { entry: NodeEntry; revision: number }>();
  readonly #listeners = new Set<Listener>();
  readonly #inTurn = new InTurn(longestWaitMs);
  readonly #watch: { ready: Promise<void>; stop: () => void };
  readonly #restoration: Restoration<NodeEntry>;

  constructor(store: Store<NodeEntry>) {
    this.#store = store;
    this.#restoration = new Restoration(store, (name) => this.get(name));
    this.#watch = store.watch(
      (name, entry) => {
        if (entry === undefined) this.#remove(name);
        else this.#learn(name, entry.value, entry.revision);
      },
      {
        restarted: () => {
          for (const known of this.#mirror.values()) known.revision = 0;
        },
        lost: (name) => this.#restoration.lost(name),
      },
    );
  }

  /** Resolves when the mirror holds all that was there. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** What is known of a node. */
  get(name: string): NodeEntry | undefined {
    return this.#mirror.get(name)?.entry;
  }

  /** All that is known, in no order. */
  *all(): Generator<NodeEntry> {
    for (const { entry } of this.#mirror.values()) yield entry;
  }

  /** Hears of every node that is new, changed or deleted (undefined). */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the bucket answers. Throws `STORE_UNAVAILABLE`. */
  async probe(): Promise<void> {
    // No node may have this name: nothing is found, but something answers.
    await this.#store.get('hub');
  }

  stop(): void {
    this.#watch.stop();
    this.#restoration.stop();
    this.#listeners.clear();
  }

  /**
   * Lets `key` serve the name, which is made where it is new and is given the labels. Throws `REVOKED` or
   * `TOO_MANY_KEYS`.
   */
  async bindKey(name: string, key: string, token: string, nowMs: number, labels: Labels = {}): Promise<void> {
    await this.#change(name, (entry) => {
      const present = entry ?? emptyEntry(name, nowMs);
      refuseRevoked(present, key);
      if (present.keys.some((bound) => bound.key === key)) return { result: undefined };
      if (present.keys.length >= mostKeys) {
        throw new PosternError('TOO_MANY_KEYS', `node '${name}' has ${mostKeys} keys already`);
      }
      const keys = [...present.keys, { key, boundAtMs: nowMs, token }];
      return { write: { ...present, keys, ...withLabels(present, labels) }, result: undefined };
    });
  }

  /**
   * The id of the token that has bound the key to the name; undefined: none has. Throws `REVOKED`. Asks the bucket, not
   * the mirror.
   */
  async tokenOfKey(name: string, key: string): Promise<string | undefined> {
    // What comes to be while the bucket is asked was not lost.
    const wasKnown = this.#mirror.has(name);
    const entry = (await this.#store.get(name))?.value;
    if (wasKnown) this.#refuseLost(name, entry);
    if (entry === undefined) return undefined;
    refuseRevoked(entry, key);
    return entry.keys.find((bound) => bound.key === key)?.token;
  }

  /** The keys of the name that a join token has bound. Asks the bucket: another hub may have bound one a moment ago. */
  async keysBoundBy(name: string, token: string): Promise<string[]> {
    const entry = (await this.#store.get(name))?.value ?? this.get(name);
    return (entry?.keys ?? []).filter((one) => one.token === token).map(({ key }) => key);
  }

  /** Gives (or gives back) a place as an instance, or says why not. */
  claim(claim: Claim): Promise<ClaimResult> {
    return this.#change(claim.node, (entry) => decideClaim(entry, claim));
  }

  /** Writes what the owner finds of the present entry; false when `hub` is not the owner (any more). */
  record(name: string, hub: string, find: (entry: NodeEntry) => Findings | undefined): Promise<boolean> {
    return this.#change(name, (entry) => {
      if (entry === undefined || entry.owner !== hub) return { result: false };
      const findings = find(entry);
      if (findings === undefined) return { result: true };
      const instances: InstanceEntry[] = [];
      for (const one of entry.instances) {
        const standing = findings.standings.get(one.id) ?? one.standing;
        if (standing !== 'gone') instances.push(standing === one.standing ? one : { ...one, standing });
      }
      const lastSeenAtMs = Math.max(entry.lastSeenAtMs, findings.lastSeenAtMs);
      return { write: { ...entry, instances, lastSeenAtMs }, result: true };
    });
  }

  /** Takes a node over whose owner is still `from`; false when somebody else was faster. */
  adopt(name: string, from: string, hub: string): Promise<boolean> {
    return this.#change(name, (entry) =>
      entry === undefined || entry.owner !== from
        ? { result: false }
        : { write: { ...entry, owner: hub }, result: true },
    );
  }

  /** Gives a node up, so that any hub may adopt it at once. */
  async release(name: string, hub: string): Promise<void> {
    await this.#change(name, (entry) =>
      entry === undefined || entry.owner !== hub
        ? { result: undefined }
        : { write: { ...entry, owner: '' }, result: undefined },
    );
  }

  /** Bars a node, or one key of it; resolves to the instances that served with it. Throws `NODE_UNKNOWN`, `KEY_UNKNOWN`. */
  revoke(name: string, key: string | undefined, nowMs: number): Promise<InstanceEntry[]> {
    return this.#change(name, (entry) => decideRevocation(known(name, entry), key, nowMs));
  }

  /** Lifts the bar of a node; the keys that it had stay barred. Throws `NODE_UNKNOWN`. */
  allow(name: string, nowMs: number): Promise<void> {
    return this.#change(name, (entry) => decideAllowance(known(name, entry), nowMs));
  }

  /**
   * Takes the places of a node away, or one of them, and gives none out for `barMs`; resolves to those who had them.
   * Throws `NODE_UNKNOWN`, `INSTANCE_UNKNOWN`.
   */
  kick(name: string, instance: string | undefined, barMs: number, nowMs: number): Promise<InstanceEntry[]> {
    return this.#change(name, (entry) => decideKick(known(name, entry), instance, barMs, nowMs));
  }

  /** Lets no new calls go to a node, or lets them again; false: it was so already. Throws `NODE_UNKNOWN`. */
  drain(name: string, drained: NodeEntry['drained']): Promise<boolean> {
    return this.#change(name, (entry) => decideDrain(known(name, entry), drained));
  }

  #change<R>(name: string, decide: (entry: NodeEntry | undefined) => Decision<NodeEntry, R>): Promise<R> {
    return this.#inTurn.run(name, async () => {
      const { result, value, revision } = await compareAndSet(
        this.#store,
        name,
        (entry, known) => {
          if (known) this.#refuseLost(name, entry);
          return decide(entry);
        },
        () => this.#mirror.has(name),
      );
      if (value !== undefined) this.#learn(name, value, revision);
      return result;
    });
  }

  /** What was known here and is not there was lost, and is written back: nobody shall be told that it never was. */
  #refuseLost(name: string, entry: NodeEntry | undefined): void {
    if (entry !== undefined) return;
    throw new PosternError(
      'STORE_UNAVAILABLE',
      `the registry has lost node '${name}', which is written back now`,
    );
  }

  #learn(name: string, entry: NodeEntry, revision: number): void {
    const known = this.#mirror.get(name);
    if (known !== undefined && known.revision >= revision) return;
    this.#mirror.set(name, { entry, revision });
    for (const listener of this.#listeners) listener(name, entry);
  }

  #remove(name: string): void {
    if (!this.#mirror.delete(name)) return;
    for (const listener of this.#listeners) listener(name, undefined);
  }
}

function withLabels(entry: NodeEntry, labels: Labels): Pick<NodeEntry, 'labels' | 'granted'> | undefined {
  if (Object.keys(labels).length === 0) return undefined;
  return { labels: { ...entry.labels, ...labels }, granted: { ...entry.granted, ...labels } };
}

function emptyEntry(name: string, nowMs: number): NodeEntry {
  return {
    v: 1,
    name,
    keys: [],
    labels: {},
    epoch: 0,
    owner: '',
    instances: [],
    createdAtMs: nowMs,
    lastSeenAtMs: 0,
  };
}

function known(name: string, entry: NodeEntry | undefined): NodeEntry {
  if (entry === undefined) throw new PosternError('NODE_UNKNOWN', `node '${name}' is not known here`);
  return entry;
}
