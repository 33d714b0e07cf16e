import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

/** What is in a PNG of 8-bit colours. */
export interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: Buffer;
  /** Keyword and text of each text chunk. */
  readonly texts: readonly (readonly [string, string])[];
  /** Types, in order. */
  readonly chunks: readonly string[];
}

/** CRC-32 bit by bit, as the PNG specification has it, annex D. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

const table = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb8_8320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** Decodes a PNG by its specification alone; throws for anything that is not as it says. */
export function decodePng(image: Uint8Array): Decoded {
  const bytes = Buffer.from(image);
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n', 'no PNG');
  const chunks: string[] = [];
  const data: Buffer[] = [];
  const texts: [string, string][] = [];
  let header: Buffer | undefined;
  for (let at = 8; at < bytes.length; ) {
    assert.ok(at + 12 <= bytes.length, 'PNG: a chunk is cut off');
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    assert.match(type, /^[A-Za-z]{2}[A-Z][A-Za-z]$/, 'PNG: no type of a chunk');
    assert.ok(at + 12 + length <= bytes.length, 'PNG: a chunk is cut off');
    const body = bytes.subarray(at + 8, at + 8 + length);
    assert.equal(
      bytes.readUInt32BE(at + 8 + length),
      crcOf(bytes.subarray(at + 4, at + 8 + length)),
      `PNG: CRC of ${type}`,
    );
    assert.notEqual(chunks.at(-1), 'IEND', 'PNG: something comes after the end');
    chunks.push(type);
    if (type === 'IHDR') header = body;
    else if (type === 'IDAT') data.push(body);
    else if (type === 'tEXt') {
      const [keyword = '', ...text] = body.toString('latin1').split('\0');
      texts.push([keyword, text.join('\0')]);
    } else assert.ok(type === 'IEND' || /^[a-z]/.test(type), `PNG: critical chunk ${type}`);
    at += 12 + length;
  }
  assert.equal(chunks[0], 'IHDR', 'PNG: no header');
  assert.equal(chunks.at(-1), 'IEND', 'PNG: no end');
  assert.deepEqual([...(header?.subarray(8) ?? [])], [8, 2, 0, 0, 0], 'PNG: another form of pixels');
  const [width, height] = [header?.readUInt32BE(0) ?? 0, header?.readUInt32BE(4) ?? 0];
  assert.ok(width > 0 && height > 0, 'PNG: no pixels');
  const raw = inflateSync(Buffer.concat(data));
  const row = 1 + width * 3;
  assert.equal(raw.length, row * height, 'PNG: not so many pixels');
  const rows = Array.from({ length: height }, (_, y) => {
    assert.equal(raw[y * row], 0, 'PNG: a filter that was not expected');
    return raw.subarray(y * row + 1, (y + 1) * row);
  });
  return { width, height, pixels: Buffer.concat(rows), texts, chunks };
}
