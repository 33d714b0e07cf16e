import { createHmac, timingSafeEqual } from 'node:crypto';
import { PosternError } from '../../errors.js';
import type { PeerEntries, PeerGroups, PeerHave } from '../../gen/postern/daemon/v1/peer.js';
import type { LiveGroup } from '../group/live-group.js';
import type { Author } from '../group/log-index.js';
import type { FrameBody } from './frames.js';
import type { Remote } from './link.js';

/** So many bytes of entries may be on the way to a peer that has not stored them. */
const windowBytes = 1024 * 1024;
/** One frame holds at most so many bytes of entries, and always at least one entry. */
const batchBytes = 256 * 1024;
/** More groups than any daemon has. */
const mostClaims = 1024;
/** More devices than any group has. */
const mostTips = 4096;
/** A peer that has asked so often for the same entry of a device does not want it. */
const mostResends = 3;

/** What a session needs. */
export interface SyncPort {
  readonly remote: Remote;
  readonly ownKey: Buffer;
  /** The groups that are active here, as they are now. */
  groups(): readonly LiveGroup[];
  send(body: FrameBody): void;
  /** The groups that both have are others than before. */
  matched(): void;
}

/** A group that both have. */
interface Common {
  readonly group: LiveGroup;
  /** How much the peer has of each device, what is on the way counted. */
  readonly theirs: Map<string, number>;
  readonly resends: Map<string, { tip: number; times: number }>;
  /** It has said what it has. */
  heard: boolean;
}

/**
 * Brings two daemons to the same entries: each tells which groups it holds and how much of each device, and sends what
 * the other lacks. Knows no socket and no clock.
 */
export class SyncSession {
  readonly #port: SyncPort;
  readonly #claims = new Map<string, Uint8Array>();
  readonly #common = new Map<string, Common>();
  #unacked = 0;
  #pumping = false;
  #again = false;
  #stopped = false;

  constructor(port: SyncPort) {
    this.#port = port;
  }

  /** Groups that both have. */
  get common(): readonly LiveGroup[] {
    return [...this.#common.values()].map(({ group }) => group);
  }

  /** Tells which groups this daemon holds; to be called first and whenever they change. */
  announce(): void {
    const { ownKey, remote } = this.#port;
    const groups = this.#port.groups().map(({ keys }) => ({
      groupPk: keys.publicKey,
      proof: proofOf(keys.linkKey, remote.theirNonce, ownKey),
    }));
    this.#port.send({ $case: 'groups', value: { groups } });
    this.#match();
  }

  /** Tells how much this daemon has; to be called now and then, so that whatever was missed is asked for again. */
  tick(): void {
    for (const { group } of this.#common.values()) this.#tellHave(group);
    void this.#pump();
  }

  /** Something was stored. */
  stored(): void {
    void this.#pump();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Whether the frame was for it. Throws `ENTRY_REFUSED`, `PEER_INVALID`, `LOG_FAILED`. */
  async heard(body: FrameBody): Promise<boolean> {
    if (body.$case === 'groups') this.#hearGroups(body.value);
    else if (body.$case === 'have') this.#hearHave(body.value);
    else if (body.$case === 'entries') await this.#hearEntries(body.value);
    else if (body.$case === 'ack') {
      this.#unacked = Math.max(0, this.#unacked - body.value.bytes);
      void this.#pump();
    } else return false;
    return true;
  }

  #hearGroups({ groups }: PeerGroups): void {
    if (groups.length > mostClaims) throw new PosternError('PEER_INVALID', 'it holds too many groups');
    this.#claims.clear();
    for (const { groupPk, proof } of groups) this.#claims.set(idOf(groupPk), proof);
    this.#match();
  }

  /** Finds the groups that both hold; each that is new is told how much there is. */
  #match(): void {
    const { remote } = this.#port;
    const before = [...this.#common.values()];
    const ours = new Map(this.#port.groups().map((group) => [idOf(group.keys.publicKey), group]));
    for (const [id, { group }] of this.#common) {
      if (ours.get(id) !== group || !this.#claims.has(id)) this.#common.delete(id);
    }
    for (const [id, proof] of this.#claims) {
      const group = ours.get(id);
      if (group === undefined || this.#common.has(id)) continue;
      const wanted = proofOf(group.keys.linkKey, remote.ourNonce, remote.key);
      if (proof.length !== wanted.length || !timingSafeEqual(proof, wanted)) {
        throw new PosternError('PEER_INVALID', 'it has not proved that it may hold a group');
      }
      this.#common.set(id, { group, theirs: new Map(), resends: new Map(), heard: false });
      this.#tellHave(group);
    }
    const after = [...this.#common.values()];
    if (after.length !== before.length || after.some((common, i) => common !== before[i]))
      this.#port.matched();
  }

  #tellHave(group: LiveGroup): void {
    const tips = [...group.index.authors.values()]
      .filter(({ entries }) => entries.length > 0)
      .map(({ device, entries }) => ({ devicePk: device, seq: entries.length }));
    this.#port.send({ $case: 'have', value: { groupPk: group.keys.publicKey, tips } });
  }

  #hearHave({ groupPk, tips }: PeerHave): void {
    const common = this.#common.get(idOf(groupPk));
    if (common === undefined) return;
    if (tips.length > mostTips) throw new PosternError('PEER_INVALID', 'it names too many devices');
    const said = new Map(tips.map(({ devicePk, seq }) => [idOf(devicePk), seq]));
    // What is on the way was not there yet when it was said.
    const mayLower = this.#unacked === 0;
    for (const id of new Set([...said.keys(), ...common.theirs.keys()])) {
      const tip = said.get(id) ?? 0;
      const believed = common.theirs.get(id) ?? 0;
      if (tip > believed || (tip < believed && mayLower && this.#mayResend(common, id, tip))) {
        common.theirs.set(id, tip);
      }
    }
    common.heard = true;
    void this.#pump();
  }

  #mayResend({ resends }: Common, id: string, tip: number): boolean {
    const before = resends.get(id);
    const times = before?.tip === tip ? before.times + 1 : 1;
    resends.set(id, { tip, times });
    return times <= mostResends;
  }

  async #hearEntries({ groupPk, entries }: PeerEntries): Promise<void> {
    const common = this.#common.get(idOf(groupPk));
    const storing: Promise<void>[] = [];
    let gap = false;
    let bytes = 0;
    for (const entry of entries) {
      bytes += entry.length;
      // Of a group that was left meanwhile.
      if (common === undefined) continue;
      const { outcome, stored } = common.group.accept(entry);
      gap ||= outcome === 'gap';
      if (stored !== undefined) storing.push(stored);
      if (outcome === 'new' || outcome === 'known') noteTheirs(common, entry);
    }
    await Promise.all(storing);
    this.#port.send({ $case: 'ack', value: { bytes } });
    if (gap && common !== undefined) this.#tellHave(common.group);
  }

  /** Sends what the peer lacks, as far as the window goes. Never rejects. */
  async #pump(): Promise<void> {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        for (const common of this.#common.values()) {
          if (!common.heard) continue;
          for (const author of common.group.index.authors.values()) await this.#sendMissing(common, author);
        }
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #sendMissing(common: Common, author: Author): Promise<void> {
    const { group, theirs } = common;
    const id = idOf(group.keys.publicKey);
    while (this.#unacked < windowBytes && !this.#stopped && this.#common.get(id) === common) {
      const from = theirs.get(author.id) ?? 0;
      const batch: Buffer[] = [];
      let bytes = 0;
      for (const stored of author.entries.slice(from, from + 256)) {
        if (batch.length > 0 && bytes + stored.place.length > batchBytes) break;
        const read = await group.read(stored).catch(() => undefined);
        // Its log was closed: the group is not active any more.
        if (read === undefined) return;
        batch.push(read);
        bytes += stored.place.length;
      }
      if (batch.length === 0) return;
      // While the entries were read, the peer may have said that it has them, or lacks earlier ones.
      if ((theirs.get(author.id) ?? 0) !== from) continue;
      theirs.set(author.id, from + batch.length);
      this.#unacked += bytes;
      this.#port.send({ $case: 'entries', value: { groupPk: group.keys.publicKey, entries: batch } });
    }
  }
}

/** A peer that sends an entry has it, and all before it. */
function noteTheirs({ theirs }: Common, bytes: Uint8Array): void {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const id = data.toString('hex', 34, 66);
  const seq = Number(data.readBigUInt64BE(66));
  if (seq > (theirs.get(id) ?? 0)) theirs.set(id, seq);
}

function proofOf(linkKey: Uint8Array, nonce: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', linkKey).update('postern group').update(nonce).update(key).digest();
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
