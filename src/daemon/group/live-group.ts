import { EventEmitter, setMaxListeners } from 'node:events';
import { PosternError } from '../../errors.js';
import { EventType, type GroupMetadata } from '../../gen/weshnet/protocol/v1/types.js';
import type { Counts } from '../counts.js';
import type { EntryStore } from '../log/entry-log.js';
import type { Place } from '../log/record.js';
import { Admission, type GroupLimits, mostLamport, type Verdict } from './admission.js';
import {
  admissionText,
  decodeEntry,
  type Entry,
  encodeEntry,
  hashOf,
  messageKind,
  metadataKind,
} from './entry.js';
import type { GroupKeys } from './group-keys.js';
import { LogIndex, type StoredEntry } from './log-index.js';
import { MemberSide } from './member-side.js';
import type { Seeds } from './own-device.js';
import { messageKey, nextPlace } from './sealing.js';

/** Longest message, in bytes. */
const mostPayload = 4 * 1024 * 1024;

/** What a group is made of. */
export interface GroupParts {
  readonly keys: GroupKeys;
  readonly seeds: Seeds;
  readonly limits: GroupLimits;
  readonly counts: Counts;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Opens where the entries are kept, and gives those that are there. */
  readonly openStore: (onEntry: (bytes: Buffer, place: Place) => void) => Promise<EntryStore>;
}

/** A group whose log is open: takes entries of peers, writes own ones, tells of each that is stored. */
export class LiveGroup {
  readonly keys: GroupKeys;
  readonly index = new LogIndex();
  /** Undefined where this daemon only holds the log. */
  readonly member: MemberSide | undefined;
  readonly #parts: GroupParts;
  readonly #admission: Admission;
  readonly #stored = new EventEmitter<{ stored: [StoredEntry] }>().setMaxListeners(0);
  readonly #closing = new AbortController();
  #store: EntryStore | undefined;

  private constructor(parts: GroupParts) {
    this.#parts = parts;
    this.keys = parts.keys;
    setMaxListeners(0, this.#closing.signal);
    this.#admission = new Admission(parts.keys, this.index, parts.limits, parts.counts);
    const { member } = parts.keys;
    if (member !== undefined)
      this.member = new MemberSide(parts.keys, member.secret, parts.seeds, this.index);
  }

  /** Reads what is stored. Throws `LOG_DAMAGED`, `LOG_FAILED`. */
  static async open(parts: GroupParts): Promise<LiveGroup> {
    const group = new LiveGroup(parts);
    group.#store = await parts.openStore((bytes, place) => {
      const entry = decodeEntry(bytes);
      // Only what was judged is stored, and the record's checksum is right: other entries come from another program.
      if (entry === undefined) throw new PosternError('LOG_DAMAGED', 'a record of a log holds no entry');
      const hash = hashOf(bytes);
      group.#admission.take(entry, hash);
      group.#settle(entry, hash, place);
    });
    return group;
  }

  /** Calls back with each entry that is stored from now on; returns how to stop it. */
  onStored(listener: (entry: StoredEntry) => void): () => void {
    this.#stored.on('stored', listener);
    return () => this.#stored.off('stored', listener);
  }

  /**
   * Takes an entry from a peer. `stored` is there where it is new, and resolves when it is on disk. Throws
   * `ENTRY_REFUSED` for what no honest peer sends.
   */
  accept(bytes: Uint8Array): { outcome: Verdict['outcome']; stored?: Promise<void> } {
    const verdict = this.#admission.judge(bytes, this.#opened.bytes);
    if (verdict.outcome !== 'new') return verdict;
    this.#parts.counts.add('entries_received');
    return { outcome: 'new', stored: this.#keep(bytes, verdict.entry, verdict.hash) };
  }

  /** The bytes of a stored entry. Throws `LOG_FAILED`. */
  read(entry: StoredEntry): Promise<Buffer> {
    return this.#opened.read(entry.place);
  }

  /**
   * Writes a message of this device; resolves when it is on disk, to its hash. Throws `NOT_A_MEMBER`, `GROUP_FULL`,
   * `MESSAGE_TOO_LARGE`, `LOG_FAILED`.
   */
  async send(payload: Uint8Array): Promise<Buffer> {
    const member = this.#mustBeMember();
    if (payload.length > mostPayload) {
      throw new PosternError(
        'MESSAGE_TOO_LARGE',
        `a message has at most ${mostPayload} bytes, this one ${payload.length}`,
      );
    }
    return this.#write(messageKind, () => member.messageBody(payload));
  }

  /** Introduces this device where it has not yet, and lets each member read its messages. */
  async introduce(): Promise<void> {
    const member = this.#mustBeMember();
    const writes: Promise<Buffer>[] = [];
    const write = (type: GroupMetadata['eventType'], payload: Buffer): void => {
      writes.push(
        this.#write(metadataKind, () => member.bodies.close(type, payload, member.own.device.publicKey)),
      );
    };
    if (this.#admission.tip(member.own.device.publicKey) === undefined) {
      write(EventType.EventTypeGroupMemberDeviceAdded, member.own.introduction());
    }
    for (const payload of member.dueChainKeys()) write(EventType.EventTypeGroupDeviceChainKeyAdded, payload);
    await Promise.all(writes);
  }

  /** Aborted when the log is closed: nothing comes any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): Promise<void> {
    this.#closing.abort();
    this.#stored.removeAllListeners();
    return this.#opened.close();
  }

  #write(kind: number, makeBody: () => Buffer): Promise<Buffer> {
    const member = this.#mustBeMember();
    const { device } = member.own;
    const tip = this.#admission.tip(device.publicKey);
    if (this.#admission.isFull(this.#opened.bytes, tip === undefined)) {
      throw new PosternError('GROUP_FULL', 'this group holds as much as it may', {
        hint: 'make another group',
      });
    }
    const group = this.keys.publicKey;
    const bytes = encodeEntry(
      {
        kind,
        group,
        device: device.publicKey,
        seq: (tip?.seq ?? 0) + 1,
        lamport: Math.min(mostLamport, Math.max(this.index.lamport, tip?.lamport ?? 0) + 1),
        writtenAtMs: this.#parts.now(),
        previous: tip?.hash ?? Buffer.alloc(32),
        parents: this.index.heads(),
        admission: tip === undefined ? member.admits.sign(admissionText(group, device.publicKey)) : undefined,
        body: makeBody(),
      },
      device,
    );
    const entry = decodeEntry(bytes);
    if (entry === undefined) throw new PosternError('LOG_FAILED', 'an entry was written in a wrong form');
    const hash = hashOf(bytes);
    this.#parts.counts.add('entries_written');
    return this.#keep(bytes, entry, hash).then(() => hash);
  }

  #keep(bytes: Uint8Array, entry: Entry, hash: Buffer): Promise<void> {
    this.#admission.take(entry, hash);
    return this.#opened.append(bytes, (place) => {
      this.#stored.emit('stored', this.#settle(entry, hash, place));
    });
  }

  /** Makes a stored entry known. */
  #settle(entry: Entry, hash: Buffer, place: Place): StoredEntry {
    const { index, member } = this;
    const author = index.author(entry.device);
    const { kind, seq, lamport } = entry;
    let key: Buffer | undefined;
    if (kind === messageKind) {
      if (author.reader !== undefined) {
        key = messageKey(author.reader);
        author.reader = nextPlace(author.reader);
      } else if (member !== undefined) this.#parts.counts.add('unreadable');
      author.messages += 1;
    }
    const stored: StoredEntry = { hash, author, kind, seq, lamport, place, messageKey: key };
    index.add(stored, entry.parents);
    member?.heard(entry, author);
    return stored;
  }

  get #opened(): EntryStore {
    if (this.#store === undefined) throw new PosternError('LOG_FAILED', 'the log is not open');
    return this.#store;
  }

  #mustBeMember(): MemberSide {
    if (this.member !== undefined) return this.member;
    throw new PosternError('NOT_A_MEMBER', 'this daemon holds the log of this group, and is no member');
  }
}
