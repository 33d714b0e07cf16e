import { createCipheriv, createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

/** Portable Network Graphics, third edition (https://www.w3.org/TR/png-3/). */
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Length, type and check sum of a chunk. */
const chunkBytes = 12;
const headerBytes = signature.length + chunkBytes + 13;
/** The text of this keyword is our line. */
const keyword = 'postern';
/** A private chunk that decoders pass over: by its letters ancillary, private, and safe to copy. */
const filler = 'poSt';
/** Red, green and blue, 8 bits each. */
const pixelBytes = 3;
const mostPixelsAcross = 65_535;

/** An image is never smaller than this, in bytes: it has room for the longest line, a pixel and the filler. */
export const leastImageBytes = 512;

/**
 * An image of exactly `size` bytes, at least `leastImageBytes`: a PNG that any decoder takes, whose text chunk holds `line`.
 * Its pixels, and what fills it up, are made from the line: the same each time, and different for each line.
 */
export function imageOf(line: string, size: number): Buffer {
  const noise = noiseOf(line, size);
  const text = chunk('tEXt', Buffer.from(`${keyword}\0${line}`, 'latin1'));
  const room = size - headerBytes - text.length - 3 * chunkBytes;
  const side = sideWithin(room);
  const scanlines = Buffer.from(noise.subarray(0, side * (1 + side * pixelBytes)));
  // each line of pixels begins with its filter: none
  for (let row = 0; row < side; row++) scanlines[row * (1 + side * pixelBytes)] = 0;
  // noise cannot be compressed: level 0 only wraps it
  const pixels = chunk('IDAT', deflateSync(scanlines, { level: 0 }));
  const left = size - headerBytes - text.length - pixels.length - 2 * chunkBytes;
  return Buffer.concat([
    signature,
    chunk('IHDR', headerOf(side)),
    text,
    chunk(filler, noise.subarray(0, left)),
    pixels,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The line of an image that `imageOf` made; undefined: it is none, or its line is damaged. */
export function lineOfImage(image: Uint8Array): string | undefined {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  if (bytes.length < headerBytes + chunkBytes || !bytes.subarray(0, 8).equals(signature)) return undefined;
  const length = bytes.readUInt32BE(headerBytes);
  const end = headerBytes + 8 + length;
  if (end + 4 > bytes.length) return undefined;
  const typed = bytes.subarray(headerBytes + 4, end);
  const [type, found, line] = [typed.subarray(0, 4), typed.subarray(4, 12), typed.subarray(12)];
  if (type.toString('latin1') !== 'tEXt' || found.toString('latin1') !== `${keyword}\0`) return undefined;
  return bytes.readUInt32BE(end) === crc32(typed) ? line.toString('latin1') : undefined;
}

/** So many pixels across and down fit into these bytes, wrapped by zlib. */
function sideWithin(room: number): number {
  // of zlib: 6 bytes, and 5 for each block, of at least 8 KiB each
  const raw = room - 6 - 5 * (Math.ceil(room / 8192) + 1);
  const side = Math.floor((Math.sqrt(1 + 4 * pixelBytes * raw) - 1) / (2 * pixelBytes));
  return Math.max(1, Math.min(side, mostPixelsAcross));
}

function headerOf(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // 8 bits of each colour, red, green and blue; the only compression, the only filters, not interlaced
  header.set([8, 2, 0, 0, 0], 8);
  return header;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(chunkBytes + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, 'latin1');
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}

/** Bytes that look like chance and are the same for the same seed: AES in counter mode, as a generator. */
function noiseOf(seed: string, size: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
