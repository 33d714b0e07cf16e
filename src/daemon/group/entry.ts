import { createHash } from 'node:crypto';
import { keyBytes, type SigningKey, signatureBytes, type Verifier } from './keys.js';

export const metadataKind = 1;
export const messageKind = 2;

/** An entry of a group's log, before it is signed. */
export interface EntryFields {
  readonly kind: number;
  readonly group: Uint8Array;
  /** Key of the device that wrote it. */
  readonly device: Uint8Array;
  /** Its number among those of its device, from 1. */
  readonly seq: number;
  /** One more than the highest that its author had seen. */
  readonly lamport: number;
  /** Unix time in milliseconds, by the author's clock. */
  readonly writtenAtMs: number;
  /** Hash of the device's entry before; zeros for the first. */
  readonly previous: Uint8Array;
  /** Hashes of the newest entries that its author had seen. */
  readonly parents: readonly Uint8Array[];
  /** Signature of `admissionText` by the group's secret; in the first entry of a device only. */
  readonly admission: Uint8Array | undefined;
  readonly body: Uint8Array;
}

/** An entry as it came. */
export interface Entry extends EntryFields {
  readonly signature: Uint8Array;
  /** What is signed: all but the signature. */
  readonly signed: Uint8Array;
}

const version = 1;
const fixedBytes = 2 + 2 * keyBytes + 3 * 8 + keyBytes + 1;
export const maxParents = 16;
/** Longest body: what gRPC takes by default, and room for what it is wrapped in. */
export const maxBody = 4 * 1024 * 1024 + 1024;
export const maxEntry = fixedBytes + maxParents * keyBytes + 4 + maxBody + 2 * signatureBytes;

/** What the group's secret signs to admit a device. */
export function admissionText(group: Uint8Array, device: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('postern daemon admission'), group, device]);
}

/** Names an entry within a group: SHA-256 of all its bytes. */
export function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** The bytes of an entry, signed. */
export function encodeEntry(fields: EntryFields, device: SigningKey): Buffer {
  const head = Buffer.alloc(fixedBytes);
  head.writeUInt8(version, 0);
  head.writeUInt8(fields.kind, 1);
  head.set(fields.group, 2);
  head.set(fields.device, 2 + keyBytes);
  let at = 2 + 2 * keyBytes;
  for (const number of [fields.seq, fields.lamport, fields.writtenAtMs]) {
    head.writeBigUInt64BE(BigInt(number), at);
    at += 8;
  }
  head.set(fields.previous, at);
  head.writeUInt8(fields.parents.length, at + keyBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(fields.body.length);
  const admission = fields.admission ?? Buffer.alloc(0);
  const signed = Buffer.concat([head, ...fields.parents, admission, length, fields.body]);
  return Buffer.concat([signed, device.sign(signed)]);
}

/** Reads an entry; undefined where it has not the form of one. Its parts are views of `bytes`. */
export function decodeEntry(bytes: Uint8Array): Entry | undefined {
  if (bytes.length < fixedBytes + 4 + signatureBytes || bytes.length > maxEntry) return undefined;
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = data.readUInt8(1);
  if (data.readUInt8(0) !== version || (kind !== metadataKind && kind !== messageKind)) return undefined;
  const numbersAt = 2 + 2 * keyBytes;
  const [seq, lamport, writtenAtMs] = [0, 8, 16].map((by) => Number(data.readBigUInt64BE(numbersAt + by)));
  if (seq === undefined || lamport === undefined || writtenAtMs === undefined) return undefined;
  if (seq < 1 || ![seq, lamport, writtenAtMs].every(Number.isSafeInteger)) return undefined;
  const parentCount = data.readUInt8(fixedBytes - 1);
  const admissionAt = fixedBytes + parentCount * keyBytes;
  const lengthAt = admissionAt + (seq === 1 ? signatureBytes : 0);
  if (parentCount > maxParents || lengthAt + 4 + signatureBytes > data.length) return undefined;
  const bodyAt = lengthAt + 4;
  const signatureAt = bodyAt + data.readUInt32BE(lengthAt);
  if (signatureAt + signatureBytes !== data.length) return undefined;
  return {
    kind,
    group: data.subarray(2, 2 + keyBytes),
    device: data.subarray(2 + keyBytes, numbersAt),
    seq,
    lamport,
    writtenAtMs,
    previous: data.subarray(numbersAt + 24, numbersAt + 24 + keyBytes),
    parents: Array.from({ length: parentCount }, (_, i) =>
      data.subarray(fixedBytes + i * keyBytes, fixedBytes + (i + 1) * keyBytes),
    ),
    admission: seq === 1 ? data.subarray(admissionAt, lengthAt) : undefined,
    body: data.subarray(bodyAt, signatureAt),
    signature: data.subarray(signatureAt),
    signed: data.subarray(0, signatureAt),
  };
}

/** Whether the entry was written by its device. */
export function isGenuine(entry: Entry, device: Verifier): boolean {
  return device(entry.signed, entry.signature);
}
