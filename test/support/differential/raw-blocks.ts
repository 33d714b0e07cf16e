import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Field } from './fields.js';

/** Header blocks that are to be sent in place of those that Node makes, by stream id, in order. */
export type Replacements = Map<number, (readonly Field[])[]>;

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const frameHeaderBytes = 9;
/** Largest frame that every peer takes (RFC 9113 section 4.2). */
const mostFrameBytes = 16_384;
const headersType = 1;
const continuationType = 9;
const endStreamFlag = 1;
const endHeadersFlag = 4;

/**
 * A socket for `node:http2` that sends other header blocks than Node made: any names and values, in any order, as often
 * as wanted, where Node's API would refuse them. Each is written as HPACK literals that no table keeps, so that the
 * blocks which are left as they are still decode (the session must be made with `maxDeflateDynamicTableSize: 0`).
 */
export class RawBlockSocket extends Duplex {
  readonly #socket: Socket;
  readonly #replacements: Replacements;
  /** Bytes of an incomplete frame header, or of header frames that are not complete yet. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the present frame that pass as they are. */
  #passing: number;

  constructor(socket: Socket, replacements: Replacements, side: 'client' | 'server') {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#replacements = replacements;
    this.#passing = side === 'client' ? preface.length : 0;
    // As `node:http2` does to its own sockets.
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const out = this.#rewritten(chunk);
    if (out.length === 0) done();
    else this.#socket.write(out, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #rewritten(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      const passed = Math.min(this.#passing, rest.length);
      if (passed > 0) out.push(rest.subarray(0, passed));
      this.#passing -= passed;
      rest = rest.subarray(passed);
      if (this.#passing > 0 || rest.length < frameHeaderBytes) break;
      if (rest[3] !== headersType) {
        this.#passing = frameHeaderBytes + rest.readUIntBE(0, 3);
        continue;
      }
      const block = wholeBlock(rest);
      if (block === undefined) break;
      out.push(this.#replaced(rest.subarray(0, block)));
      rest = rest.subarray(block);
    }
    this.#held = Buffer.from(rest);
    return Buffer.concat(out);
  }

  #replaced(frames: Buffer): Buffer {
    const stream = frames.readUInt32BE(5);
    const fields = this.#replacements.get(stream)?.shift();
    return fields === undefined ? frames : headerFrames(stream, fields, (frames[4] ?? 0) & endStreamFlag);
  }
}

/** Bytes of the HEADERS frame at the start and of all its CONTINUATION frames; undefined while some are missing. */
function wholeBlock(bytes: Buffer): number | undefined {
  let at = 0;
  for (;;) {
    if (bytes.length < at + frameHeaderBytes) return undefined;
    const flags = bytes[at + 4] ?? 0;
    at += frameHeaderBytes + bytes.readUIntBE(at, 3);
    if (bytes.length < at) return undefined;
    if ((flags & endHeadersFlag) !== 0) return at;
  }
}

/** A HEADERS frame, and CONTINUATION frames where one does not suffice. */
function headerFrames(stream: number, fields: readonly Field[], endStream: number): Buffer {
  const block = Buffer.concat(fields.flatMap(([name, value]) => [literal, text(name), text(value)]));
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += mostFrameBytes) {
    const part = block.subarray(at, at + mostFrameBytes);
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUIntBE(part.length, 0, 3);
    header[3] = at === 0 ? headersType : continuationType;
    header[4] = (at === 0 ? endStream : 0) | (at + part.length >= block.length ? endHeadersFlag : 0);
    header.writeUInt32BE(stream, 5);
    frames.push(header, part);
  }
  return Buffer.concat(frames);
}

/** HPACK's literal field without indexing, with a new name (RFC 7541 section 6.2.2). */
const literal = Buffer.of(0);

/** An HPACK string without Huffman coding (RFC 7541 section 5.2); each character is one byte. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 0x7f) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [0x7f];
  let rest = bytes.length - 0x7f;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) + 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}
