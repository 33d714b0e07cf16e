import { crc32 } from 'node:zlib';

/**
 * A log file is a header (8 bytes of magic, 16 random bytes: the salt) and records. A record is what one group commit
 * wrote: 4 bytes of magic, the length of the body, the CRC-32 of salt, length and body (each 4 bytes, big-endian), and
 * the body: entries, each with its length in 4 bytes before it. The salt keeps a peer from writing an entry that looks
 * like records of this file.
 */
export const fileMagic = Buffer.from('PSTNLOG1', 'latin1');
export const saltBytes = 16;
export const headerBytes = fileMagic.length + saltBytes;

const recordMagic = Buffer.from([0xb5, 0x7e, 0xc0, 0x9d]);
const recordHeaderBytes = 12;

/** Longest body of a record, in bytes. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** Where an entry lies in its file. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** A record of these entries, and where each of them lies in it. */
export function encodeRecord(
  entries: readonly Uint8Array[],
  salt: Uint8Array,
): { record: Buffer; places: Place[] } {
  const length = entries.reduce((sum, entry) => sum + 4 + entry.length, 0);
  const record = Buffer.allocUnsafe(recordHeaderBytes + length);
  recordMagic.copy(record, 0);
  record.writeUInt32BE(length, 4);
  const places: Place[] = [];
  let at = recordHeaderBytes;
  for (const entry of entries) {
    record.writeUInt32BE(entry.length, at);
    record.set(entry, at + 4);
    places.push({ offset: at + 4, length: entry.length });
    at += 4 + entry.length;
  }
  record.writeUInt32BE(checksum(record, length, salt), 8);
  return { record, places };
}

/** The record that begins at `at`, if it is whole and sound: where its entries lie, and where it ends. */
export function recordAt(
  data: Buffer,
  at: number,
  salt: Uint8Array,
): { places: Place[]; end: number } | undefined {
  if (at + recordHeaderBytes > data.length) return undefined;
  if (data.compare(recordMagic, 0, 4, at, at + 4) !== 0) return undefined;
  const length = data.readUInt32BE(at + 4);
  const end = at + recordHeaderBytes + length;
  if (length > maxBodyBytes || end > data.length) return undefined;
  if (checksum(data.subarray(at, end), length, salt) !== data.readUInt32BE(at + 8)) return undefined;
  const places: Place[] = [];
  for (let next = at + recordHeaderBytes; next < end; ) {
    if (next + 4 > end) return undefined;
    const bytes = data.readUInt32BE(next);
    if (next + 4 + bytes > end) return undefined;
    places.push({ offset: next + 4, length: bytes });
    next += 4 + bytes;
  }
  return { places, end };
}

/** Where the next sound record begins after `at`; undefined: nowhere. */
export function nextRecord(data: Buffer, at: number, salt: Uint8Array): number | undefined {
  for (let found = data.indexOf(recordMagic, at); found >= 0; found = data.indexOf(recordMagic, found + 1)) {
    if (recordAt(data, found, salt) !== undefined) return found;
  }
  return undefined;
}

function checksum(record: Buffer, length: number, salt: Uint8Array): number {
  const body = record.subarray(recordHeaderBytes, recordHeaderBytes + length);
  return crc32(body, crc32(record.subarray(4, 8), crc32(salt)));
}
