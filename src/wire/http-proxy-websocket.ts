import { Duplex } from 'node:stream';

/** Milliseconds for the frame that is under way to be complete, when the connection is to end. */
const frameWithinMs = 1_000;
/** Milliseconds for the client to read why. */
const lingerMs = 2_000;
/** Longest header of a frame: 2 bytes, 8 of length, 4 of masking key (RFC 6455 §5.2). */
const longestHeader = 14;
/** Longest reason in a close frame, bytes. */
const longestReason = 123;

/** Follows the frames of a WebSocket in one direction, without looking into them. */
export class FrameWalk {
  readonly #header = Buffer.alloc(longestHeader);
  #held = 0;
  #payload = 0;

  /** True between two frames. */
  get between(): boolean {
    return this.#held === 0 && this.#payload === 0;
  }

  /** Walks on over `bytes`; with `toBoundary` only to the end of the first frame in it. Gives how many were walked. */
  walk(bytes: Uint8Array, toBoundary: boolean): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#payload > 0) {
        const step = Math.min(this.#payload, bytes.length - at);
        this.#payload -= step;
        at += step;
      } else {
        this.#header[this.#held] = bytes[at] ?? 0;
        this.#held += 1;
        at += 1;
        if (this.#held < headerLength(this.#header, this.#held)) continue;
        this.#payload = payloadLength(this.#header);
        this.#held = 0;
      }
      if (toBoundary && this.between) return at;
    }
    return at;
  }
}

function headerLength(header: Buffer, held: number): number {
  if (held < 2) return 2;
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function payloadLength(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  if (short < 126) return short;
  return short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}

/** A close frame as a server sends it: a code and a reason (RFC 6455 §5.5.1). */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason).subarray(0, longestReason);
  const frame = Buffer.alloc(4 + text.length);
  frame[0] = 0x88;
  frame[1] = 2 + text.length;
  frame.writeUInt16BE(code, 2);
  text.copy(frame, 4);
  return frame;
}

/**
 * The client's end of a WebSocket that somebody else speaks: bytes pass as they are, and yet it can be ended with a close
 * frame of ours, which goes out between two frames.
 */
export class ClosableWebSocket extends Duplex {
  readonly #socket: Duplex;
  readonly #walk = new FrameWalk();
  #closing: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Takes over a socket whose next bytes are frames. */
  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.once('end', () => this.push(null));
    socket.on('error', () => this.destroy());
    socket.once('close', () => this.destroy());
  }

  /** Ends it with a code and a reason: what comes after the frame that is under way is left out. */
  closeWith(code: number, reason: string): void {
    if (this.#closing !== undefined || this.destroyed) return;
    this.#closing = closeFrame(code, reason);
    this.#timer = setTimeout(() => this.destroy(), frameWithinMs).unref();
    if (this.#walk.between) this.#sendClose();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#closing === undefined) {
      this.#walk.walk(chunk, false);
      this.#pass(chunk, done);
      return;
    }
    if (!this.#walk.between) {
      this.#socket.write(chunk.subarray(0, this.#walk.walk(chunk, true)));
      if (this.#walk.between) this.#sendClose();
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
    done(error);
  }

  #pass(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#socket.destroyed) done();
    else if (this.#socket.write(chunk)) done();
    else this.#socket.once('drain', done);
  }

  #sendClose(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.destroy(), lingerMs).unref();
    this.#socket.end(this.#closing);
  }
}
