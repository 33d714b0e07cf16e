import { PosternError } from '../../errors.js';
import type { CountName, Counts } from '../counts.js';
import { admissionText, decodeEntry, type Entry, hashOf, isGenuine } from './entry.js';
import type { GroupKeys } from './group-keys.js';
import { isSignedBy, type Verifier, verifierOf } from './keys.js';
import type { LogIndex } from './log-index.js';

/** Limits of one group. */
export interface GroupLimits {
  readonly entries: number;
  readonly bytes: number;
  readonly authors: number;
}

export const defaultGroupLimits: GroupLimits = {
  entries: 250_000,
  bytes: 1024 * 1024 * 1024,
  authors: 1024,
};

/** No lamport time is above it, so that nobody can bring the others to the end of numbers. */
export const mostLamport = 2 ** 52;

/** The last entry of a device, stored or about to be. */
export interface Tip {
  readonly seq: number;
  readonly hash: Buffer;
  readonly lamport: number;
  readonly verifier: Verifier;
}

/** What became of an entry that came from a peer. */
export type Verdict =
  | { readonly outcome: 'new'; readonly entry: Entry; readonly hash: Buffer }
  | { readonly outcome: 'known' | 'gap' | 'forked' | 'full' };

/** Decides which entries may be stored. */
export class Admission {
  readonly #keys: GroupKeys;
  readonly #index: LogIndex;
  readonly #limits: GroupLimits;
  readonly #counts: Counts;
  readonly #tips = new Map<string, Tip>();
  #entries = 0;

  constructor(keys: GroupKeys, index: LogIndex, limits: GroupLimits, counts: Counts) {
    this.#keys = keys;
    this.#index = index;
    this.#limits = limits;
    this.#counts = counts;
  }

  tip(device: Uint8Array): Tip | undefined {
    return this.#tips.get(Buffer.from(device).toString('hex'));
  }

  /** An entry was taken: it is about to be stored. */
  take({ device, seq, lamport }: Entry, hash: Buffer): void {
    const verifier = this.tip(device)?.verifier ?? verifierOf(device);
    if (verifier === undefined) throw new PosternError('ENTRY_REFUSED', 'its device is no key');
    this.#tips.set(Buffer.from(device).toString('hex'), { seq, hash, lamport, verifier });
    this.#entries += 1;
  }

  /**
   * Looks at bytes that a peer calls an entry. Throws `ENTRY_REFUSED` for what no honest peer sends: what has not the
   * form, is of another group, or not signed by who it says.
   */
  judge(bytes: Uint8Array, storedBytes: number): Verdict {
    const entry = decodeEntry(bytes);
    if (entry === undefined || !this.#keys.publicKey.equals(entry.group)) {
      throw this.#refusal('refused_malformed', 'it has not the form of an entry of this group');
    }
    const hash = hashOf(bytes);
    const tip = this.tip(entry.device);
    const last = tip?.seq ?? 0;
    if (entry.seq <= last) return this.#told(this.#isKnown(entry, hash) ? 'known' : 'forked');
    if (entry.seq > last + 1) return this.#told('gap');
    const verifier = tip?.verifier ?? this.#admitted(entry);
    if (!isGenuine(entry, verifier)) throw this.#refusal('refused_forged', 'its signature is wrong');
    if (entry.lamport > mostLamport || entry.lamport < (tip?.lamport ?? 0)) {
      throw this.#refusal('refused_malformed', 'its time goes backwards');
    }
    const previous = tip?.hash ?? Buffer.alloc(32);
    if (!previous.equals(entry.previous)) return this.#told('forked');
    if (this.isFull(storedBytes + bytes.length, tip === undefined)) return this.#told('full');
    return { outcome: 'new', entry, hash };
  }

  /** Whether a limit keeps another entry out. */
  isFull(bytes: number, newAuthor: boolean): boolean {
    const { entries, authors } = this.#limits;
    return (
      this.#entries >= entries || bytes > this.#limits.bytes || (newAuthor && this.#tips.size >= authors)
    );
  }

  /** Whether it is the entry that is stored under its number, or may be. */
  #isKnown(entry: Entry, hash: Buffer): boolean {
    const stored = this.#index.authors.get(Buffer.from(entry.device).toString('hex'))?.entries[entry.seq - 1];
    return stored === undefined || stored.hash.equals(hash);
  }

  /** The first entry of a device carries the proof that the group's secret admits it. */
  #admitted(entry: Entry): Verifier {
    const { group, device, admission } = entry;
    const verifier = verifierOf(device);
    if (
      verifier === undefined ||
      admission === undefined ||
      !isSignedBy(this.#keys.signPub, admissionText(group, device), admission)
    ) {
      throw this.#refusal('refused_forged', 'the group has not admitted its device');
    }
    return verifier;
  }

  #told(outcome: 'known' | 'gap' | 'forked' | 'full'): Verdict {
    this.#counts.add(outcome === 'known' ? 'entries_known' : `refused_${outcome}`);
    return { outcome };
  }

  #refusal(count: CountName, why: string): PosternError {
    this.#counts.add(count);
    return new PosternError('ENTRY_REFUSED', `an entry is refused: ${why}`);
  }
}
