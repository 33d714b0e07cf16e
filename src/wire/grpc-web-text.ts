/** Bodies as base64 text, the way that XMLHttpRequest can stream them (PROTOCOL-WEB.md of gRPC). */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const padding = 0x3d;
const noDigit = -1;
/** Value of each character code. */
const digits = new Int8Array(256).fill(noDigit);
for (let value = 0; value < alphabet.length; value++) digits[alphabet.charCodeAt(value)] = value;

/** Reads base64 (RFC 4648 section 4) in whatever pieces it comes; padding may stand at the end of any group of four. */
export class Base64Reader {
  #bits = 0;
  #count = 0;
  /** One `=` has come and another has to. */
  #owesPadding = false;

  /** True between two groups of four characters. */
  get whole(): boolean {
    return this.#count === 0;
  }

  /** The bytes that `text` completes, in a buffer of its own; undefined where it is no base64: read no more then. */
  read(text: Uint8Array): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(((text.length + this.#count) * 3) >> 2);
    let end = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let at = 0; at < text.length; at++) {
      const code = text[at] ?? 0;
      const value = digits[code] ?? noDigit;
      if (value === noDigit) {
        if (code !== padding || count < 2) return undefined;
        if (this.#owesPadding) this.#owesPadding = false;
        else if (count === 2) {
          bytes[end++] = bits >> 4;
          this.#owesPadding = true;
          continue;
        } else {
          bytes[end++] = bits >> 10;
          bytes[end++] = (bits >> 2) & 0xff;
        }
      } else {
        if (this.#owesPadding) return undefined;
        bits = (bits << 6) | value;
        count += 1;
        if (count < 4) continue;
        bytes[end++] = bits >> 16;
        bytes[end++] = (bits >> 8) & 0xff;
        bytes[end++] = bits & 0xff;
      }
      bits = 0;
      count = 0;
    }
    this.#bits = bits;
    this.#count = count;
    return bytes.subarray(0, end);
  }
}

const nothing: Buffer = Buffer.alloc(0);

/** Writes base64 such that every message can be read as soon as its last byte was written. */
export class Base64Writer {
  /** At most two bytes that wait for more. */
  #rest = nothing;

  /**
   * The next text, may be ''. Up to `flushTo` all of `chunk` is in it, padded; behind that up to two bytes may be kept
   * back.
   */
  write(chunk: Uint8Array, flushTo: number): string {
    let text = '';
    if (flushTo > 0) {
      text = this.#joined(chunk, 0, flushTo).toString('base64');
      this.#rest = nothing;
    }
    if (flushTo < chunk.length) {
      const bytes = this.#joined(chunk, flushTo, chunk.length);
      const even = bytes.length - (bytes.length % 3);
      text += bytes.toString('base64', 0, even);
      // A copy, that does not keep the whole chunk.
      this.#rest = even === bytes.length ? nothing : Buffer.from(bytes.subarray(even));
    }
    return text;
  }

  #joined(chunk: Uint8Array, from: number, to: number): Buffer {
    const part = Buffer.from(chunk.buffer, chunk.byteOffset + from, to - from);
    return this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
  }
}
