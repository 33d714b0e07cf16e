import { crc32 } from 'node:zlib';
import { largestRecordBytes } from '../../bus/result-messages.js';

/**
 * A record on disk: a header of 24 bytes, then the record as JSON in UTF-8. All numbers are little-endian, 32 bits:
 * `PTJ1`, length of the body, number of the record, number of the last record that was safe on disk when this one was
 * written, CRC-32 of the body, CRC-32 of the header before it.
 *
 * The header has a check sum of its own, so that a damaged body does not hide where the next record begins.
 */
export const headerBytes = 24;
const magic = 0x314a5450;
const magicBytes = Buffer.from('PTJ1');

/** What the header of a good frame says. */
export interface FrameHeader {
  readonly length: number;
  readonly number: number;
  /** All records up to this one were safe on disk when the frame was written. */
  readonly safe: number;
  readonly crc: number;
}

/** A good frame; `body` is part of the buffer that was scanned. */
export interface Frame extends FrameHeader {
  readonly offset: number;
  readonly end: number;
  readonly body: Buffer;
}

/** Bytes that the frame of a record takes. */
export function frameBytes(text: string): number {
  return headerBytes + Buffer.byteLength(text);
}

/** Writes a frame into `target` at `offset`, where there must be room; gives the offset behind it. */
export function writeFrame(
  target: Buffer,
  offset: number,
  { number, safe, text }: { number: number; safe: number; text: string },
): number {
  const length = target.write(text, offset + headerBytes);
  const end = offset + headerBytes + length;
  target.writeUInt32LE(magic, offset);
  target.writeUInt32LE(length, offset + 4);
  target.writeUInt32LE(number, offset + 8);
  target.writeUInt32LE(safe, offset + 12);
  target.writeUInt32LE(crc32(target.subarray(offset + headerBytes, end)), offset + 16);
  target.writeUInt32LE(crc32(target.subarray(offset, offset + 20)), offset + 20);
  return end;
}

/** The header at `offset`, or undefined where none lies there whole and undamaged. */
function readHeader(buffer: Buffer, offset: number): FrameHeader | undefined {
  if (buffer.length - offset < headerBytes || buffer.readUInt32LE(offset) !== magic) return undefined;
  if (crc32(buffer.subarray(offset, offset + 20)) !== buffer.readUInt32LE(offset + 20)) return undefined;
  const length = buffer.readUInt32LE(offset + 4);
  if (length > largestRecordBytes) return undefined;
  return {
    length,
    number: buffer.readUInt32LE(offset + 8),
    safe: buffer.readUInt32LE(offset + 12),
    crc: buffer.readUInt32LE(offset + 16),
  };
}

/**
 * Gives all good frames in `buffer` to `visit`, stepping over what is damaged: by its length where the header is good, else
 * to the next good header. Returns the offset from which on more bytes are needed to tell. `visit` ends it with false.
 */
export function scanFrames(buffer: Buffer, visit: (frame: Frame) => boolean): number {
  let offset = 0;
  while (buffer.length - offset >= headerBytes) {
    const header = readHeader(buffer, offset);
    if (header === undefined) {
      const next = buffer.indexOf(magicBytes, offset + 1);
      offset = next < 0 ? Math.max(offset + 1, buffer.length - magicBytes.length + 1) : next;
      continue;
    }
    const end = offset + headerBytes + header.length;
    if (end > buffer.length) return offset;
    const body = buffer.subarray(offset + headerBytes, end);
    if (crc32(body) === header.crc && !visit({ ...header, offset, end, body })) return end;
    offset = end;
  }
  return offset;
}
