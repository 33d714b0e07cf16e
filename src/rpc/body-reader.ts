import type { CallHead, RawMetadata, Timed } from './call.js';

/** A body that is not what its kind of frame must carry. */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
}

/** What an OPEN frame says. */
export interface OpenBody extends CallHead {
  /** Response bytes that may be sent before the first CREDIT. */
  readonly windowBytes: number;
  timed: Timed | undefined;
}

/** What the bytes of a string may be. */
const kinds = { name: 0, value: 1, path: 2, text: 3 } as const;
type StringKind = (typeof kinds)[keyof typeof kinds];

/** Bits of `allowed`: bit n is set where the byte may stand in a string of kind n. */
const allowed = new Uint8Array(256);
for (let byte = 0x20; byte <= 0x7e; byte++) allowed[byte] = (1 << kinds.value) | (1 << kinds.path);
allowed[0x20] = 1 << kinds.value;
allowed[0x09] = 1 << kinds.value;
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  const byte = char.charCodeAt(0);
  allowed[byte] = (allowed[byte] ?? 0) | (1 << kinds.name);
}

/**
 * Reads the bodies of OPEN, HEAD and TRAILERS frames (proto/postern/bus/v1/frame.proto) and refuses what an HTTP/2
 * header block cannot carry: these three are read for every call. Throws `MalformedBody`.
 */
export class BodyReader {
  /** How long the call was at its callee, and at the server, as the last TRAILERS told, milliseconds. */
  calleeMs: number | undefined;
  serverMs: number | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** The body of an OPEN frame. */
  open(message: Buffer, start: number, end: number): OpenBody {
    this.#begin(message, start, end);
    let path = '';
    let authority = '';
    let caller = '';
    let timeoutMs: number | undefined;
    let windowBytes = 0;
    let traceparent: string | undefined;
    const metadata: string[] = [];
    while (this.#at < this.#end) {
      const tag = this.#varint();
      if (tag === 0x0a) path = this.#string(kinds.path);
      else if (tag === 0x12) authority = this.#string(kinds.value);
      else if (tag === 0x1a)
        metadata.push(this.#string(metadata.length % 2 === 0 ? kinds.name : kinds.value));
      else if (tag === 0x20) timeoutMs = this.#varint();
      else if (tag === 0x2a) caller = this.#string(kinds.text);
      else if (tag === 0x30) windowBytes = this.#varint();
      else if (tag === 0x3a) traceparent = this.#string(kinds.value) || undefined;
      else this.#skip(tag);
    }
    if (!path.startsWith('/')) throw new MalformedBody("the path does not begin with '/'");
    if (windowBytes > 0xffff_ffff) throw new MalformedBody('the window is too large');
    evenLength(metadata);
    if (timeoutMs === 0) timeoutMs = undefined;
    const timed = undefined;
    return { path, authority, metadata, timeoutMs, caller, windowBytes, traceparent, timed };
  }

  /** The body of a HEAD frame. */
  metadata(message: Buffer, start: number, end: number): RawMetadata {
    this.#begin(message, start, end);
    const metadata: string[] = [];
    while (this.#at < this.#end) {
      const tag = this.#varint();
      if (tag === 0x0a) metadata.push(this.#string(metadata.length % 2 === 0 ? kinds.name : kinds.value));
      else this.#skip(tag);
    }
    evenLength(metadata);
    return metadata;
  }

  /** The body of a TRAILERS frame; the times that it tells are in `calleeMs` and `serverMs` then. */
  trailers(message: Buffer, start: number, end: number): RawMetadata {
    this.#begin(message, start, end);
    this.calleeMs = undefined;
    this.serverMs = undefined;
    const metadata: string[] = [];
    while (this.#at < this.#end) {
      const tag = this.#varint();
      if (tag === 0x0a) metadata.push(this.#string(metadata.length % 2 === 0 ? kinds.name : kinds.value));
      else if (tag === 0x10) this.calleeMs = this.#varint() / 1000;
      else if (tag === 0x18) this.serverMs = this.#varint() / 1000;
      else this.#skip(tag);
    }
    evenLength(metadata);
    return metadata;
  }

  #begin(message: Buffer, start: number, end: number): void {
    this.#bytes = message;
    this.#at = start;
    this.#end = end;
  }

  #varint(): number {
    let value = 0;
    let unit = 1;
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBody('a number is too large');
        return value;
      }
      unit *= 0x80;
      if (unit > 2 ** 63) throw new MalformedBody('a number is too long');
    }
    throw new MalformedBody('the body ends inside a number');
  }

  #string(kind: StringKind): string {
    const length = this.#varint();
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new MalformedBody('the body ends inside a string');
    this.#at = end;
    const bytes = this.#bytes;
    if (kind === kinds.text) return bytes.toString('utf8', start, end);
    let ascii = true;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if ((((allowed[byte] ?? 0) >> kind) & 1) === 1) continue;
      if (kind === kinds.name || !isLatinPair(byte, bytes[i + 1] ?? 0, i + 1 < end)) {
        throw new MalformedBody(
          `a header ${kind === kinds.name ? 'name' : 'value'} or path holds what it cannot`,
        );
      }
      ascii = false;
      i++;
    }
    if (kind === kinds.name && length === 0) throw new MalformedBody('a header name is empty');
    return bytes.toString(ascii ? 'latin1' : 'utf8', start, end);
  }

  #skip(tag: number): void {
    const wireType = tag % 8;
    if (wireType === 0) this.#varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) {
      const length = this.#varint();
      this.#at += length;
    } else if (wireType === 5) this.#at += 4;
    else throw new MalformedBody('a field has an unknown wire type');
    if (tag < 8 || this.#at > this.#end) throw new MalformedBody('a field is broken');
  }
}

/** U+0080 to U+00FF in UTF-8: the bytes of a header value or path beyond ASCII. */
function isLatinPair(first: number, second: number, present: boolean): boolean {
  return present && (first === 0xc2 || first === 0xc3) && second >= 0x80 && second <= 0xbf;
}

function evenLength(metadata: RawMetadata): void {
  if (metadata.length % 2 !== 0) throw new MalformedBody('metadata has a name without a value');
}
