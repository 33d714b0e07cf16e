import { PosternError } from '../../errors.js';
import type { GroupMetadata } from '../../gen/weshnet/protocol/v1/types.js';
import { decodeEntry, type Entry, metadataKind } from './entry.js';
import type { GroupKeys } from './group-keys.js';
import { type SigningKey, signingKey } from './keys.js';
import type { Author, LogIndex, StoredEntry } from './log-index.js';
import { eventIn, MetadataBodies } from './metadata.js';
import { type Member, memberOf, OwnDevice, type Seeds } from './own-device.js';
import { type ChainPlace, messageKey, nextPlace, seal, unseal } from './sealing.js';

const counterBytes = 8;

/** A readable message. */
export interface ReadMessage {
  readonly counter: number;
  readonly payload: Buffer;
  readonly entry: Entry;
}

/** What only a member can do: read, and write what the others can read. */
export class MemberSide {
  readonly own: OwnDevice;
  readonly bodies: MetadataBodies;
  /** Signs who is admitted. */
  readonly admits: SigningKey;
  readonly #group: Buffer;
  readonly #ownAuthor: Author;
  readonly #members = new Map<string, Member>();
  /** Whom this device has told how to read it. */
  readonly #told = new Set<string>();
  /** Where its next message stands, those that are about to be stored counted. */
  #next: ChainPlace;

  constructor(keys: GroupKeys, secret: Buffer, seeds: Seeds, index: LogIndex) {
    this.#group = keys.publicKey;
    this.own = new OwnDevice(seeds, keys.publicKey);
    this.bodies = new MetadataBodies(keys, secret);
    this.admits = signingKey(secret);
    this.#next = this.own.firstPlace;
    this.#ownAuthor = index.author(this.own.device.publicKey);
    this.#ownAuthor.reader = this.own.firstPlace;
  }

  /** Learns from an entry that was stored. */
  heard(entry: Entry, author: Author): void {
    const reader = this.#ownAuthor.reader;
    if (author === this.#ownAuthor && reader !== undefined && reader.index > this.#next.index)
      this.#next = reader;
    if (entry.kind !== metadataKind) return;
    const metadata = this.bodies.open(entry.body, entry.device);
    const found = metadata && eventIn(metadata);
    if (found?.type === 'introduced') {
      const member = memberOf(found.event, this.#group, entry.device);
      if (member !== undefined) this.#members.set(member.key.toString('hex'), member);
    } else if (found?.type === 'chain key' && author === this.#ownAuthor) {
      this.#told.add(Buffer.from(found.event.destMemberPk).toString('hex'));
    } else if (found?.type === 'chain key' && author.device.equals(found.event.devicePk)) {
      const place = this.own.openChainKey(found.event);
      // Told wrongly, its messages cannot be read; they are kept all the same.
      if (place?.index === author.messages) author.reader ??= place;
    }
  }

  /** Events that tell members how to read this device from its next message on; each is given once. */
  dueChainKeys(): Buffer[] {
    const due: Buffer[] = [];
    for (const [id, member] of this.#members) {
      if (this.#told.has(id)) continue;
      this.#told.add(id);
      const event = this.own.chainKeyFor(member, this.#next);
      if (event !== undefined) due.push(event);
    }
    return due;
  }

  get hasDueChainKeys(): boolean {
    return [...this.#members.keys()].some((id) => !this.#told.has(id));
  }

  /** The body of the next message. */
  messageBody(payload: Uint8Array): Buffer {
    const place = this.#next;
    this.#next = nextPlace(place);
    const counter = Buffer.alloc(counterBytes);
    counter.writeBigUInt64BE(BigInt(this.own.firstCounter + place.index));
    return Buffer.concat([counter, seal(messageKey(place), payload, this.own.device.publicKey)]);
  }

  /** Reads a message; undefined where this device cannot. */
  readMessage(stored: StoredEntry, bytes: Buffer): ReadMessage | undefined {
    const entry = wellFormed(bytes);
    if (stored.messageKey === undefined || entry.body.length < counterBytes) return undefined;
    const payload = unseal(stored.messageKey, entry.body.subarray(counterBytes), entry.device);
    if (payload === undefined) return undefined;
    const counter = Number(Buffer.from(entry.body.subarray(0, counterBytes)).readBigUInt64BE());
    // any other number fits into no list, and into no program that reads it
    return Number.isSafeInteger(counter) ? { counter, payload, entry } : undefined;
  }

  /** Reads an event; undefined where it was not written with the group's secret. */
  readMetadata(bytes: Buffer): { metadata: GroupMetadata; entry: Entry } | undefined {
    const entry = wellFormed(bytes);
    const metadata = this.bodies.open(entry.body, entry.device);
    return metadata && { metadata, entry };
  }
}

function wellFormed(bytes: Buffer): Entry {
  const entry = decodeEntry(bytes);
  if (entry === undefined) throw new PosternError('LOG_DAMAGED', 'a stored entry has not the form of one');
  return entry;
}
