import { Duplex } from 'node:stream';
import { flag, frameType, initialWindowBytes } from './frame.js';

/** What a stream needs of its session. */
export interface StreamOwner {
  /** Receive window that streams grow to, bytes. */
  readonly windowBytes: number;
  /** Sends a frame without a body. */
  control(type: number, flags: number, streamId: number, length: number): void;
  /** Sends a DATA frame; false: the way is full, `goOn` of the stream is called when it is free again. */
  data(flags: number, streamId: number, body: Buffer): boolean;
  /** The stream waits for the way to be free. */
  wait(stream: YamuxStream): void;
  /** The stream is over. */
  forget(stream: YamuxStream): void;
}

/** Bodies of DATA frames are at most so long, so that streams take turns, bytes. */
const chunkBytes = 32 * 1024;

/** One stream of a yamux session: a byte pipe with half-close and back-pressure. */
export class YamuxStream extends Duplex {
  readonly id: number;
  readonly #owner: StreamOwner;
  /** Flags that the first frame has to carry: SYN of the opener, ACK of the other. */
  #firstFlags: number;
  /** Bytes that may be sent. */
  #sendRoom = initialWindowBytes;
  /** Bytes that the other side may send now. */
  #receiveRoom = initialWindowBytes;
  /** Bytes that were read and not given back yet. */
  #due = 0;
  /** Bytes that were received while the reader had enough. */
  #unread = 0;
  #waiting: { rest: Buffer; done: (error?: Error | null) => void } | undefined;
  #finSent = false;
  #finReceived = false;
  #resetReceived = false;

  constructor(owner: StreamOwner, id: number, opener: boolean) {
    super({ allowHalfOpen: true });
    this.#owner = owner;
    this.id = id;
    this.#firstFlags = opener ? flag.syn : flag.ack;
    // An error of a transport is told by 'close' too; whoever needs it listens.
    this.on('error', () => {});
  }

  /** Tells the other side that the stream is there, and the whole window. */
  announce(): void {
    const grown = Math.max(0, this.#owner.windowBytes - initialWindowBytes);
    this.#receiveRoom += grown;
    this.#owner.control(frameType.windowUpdate, this.#takeFirstFlags(), this.id, grown);
  }

  /** A header for this stream came. False: the other side breaks the rules. */
  heard(type: number, flags: number, length: number): boolean {
    if (type === frameType.windowUpdate) {
      this.#sendRoom += length;
      if (length > 0) this.goOn();
    } else if (length > this.#receiveRoom) {
      return false;
    } else {
      this.#receiveRoom -= length;
    }
    if ((flags & flag.rst) !== 0) {
      this.#resetReceived = true;
      this.destroy(new Error('the other side has reset the stream'));
    } else if ((flags & flag.fin) !== 0) {
      this.#finReceived = true;
      // The body of the same frame is still to come.
      if (type !== frameType.data || length === 0) this.push(null);
    }
    return true;
  }

  /** A piece of a DATA body came; so many bytes of that body are still to come. */
  receive(piece: Buffer, left: number): void {
    if (this.destroyed) return;
    if (this.push(piece)) this.#giveBack(piece.length);
    else this.#unread += piece.length;
    if (left === 0 && this.#finReceived) this.push(null);
  }

  /** The way is free, or the window has grown. */
  goOn(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.destroyed) return;
    this.#waiting = undefined;
    this.#send(waiting.rest, waiting.done);
  }

  override _read(): void {
    const bytes = this.#unread;
    this.#unread = 0;
    if (bytes > 0) this.#giveBack(bytes);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#finSent = true;
    this.#owner.control(frameType.windowUpdate, flag.fin | this.#takeFirstFlags(), this.id, 0);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const clean = this.#finSent && this.#finReceived;
    if (!clean && !this.#resetReceived) {
      this.#owner.control(frameType.windowUpdate, flag.rst | this.#takeFirstFlags(), this.id, 0);
    }
    this.#owner.forget(this);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    // HTTP/2 sessions of Node may crash when a foreign transport is torn down within their own callbacks.
    setImmediate(() => {
      waiting?.done(error ?? new Error('the stream is closed'));
      done(error);
    });
  }

  /** Sends as much as window and way allow; the rest waits. */
  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    let rest = chunk;
    while (rest.length > 0) {
      const length = Math.min(rest.length, chunkBytes, this.#sendRoom);
      if (length === 0) {
        this.#waiting = { rest, done };
        return;
      }
      this.#sendRoom -= length;
      const free = this.#owner.data(this.#takeFirstFlags(), this.id, rest.subarray(0, length));
      rest = rest.subarray(length);
      if (!free) {
        this.#waiting = { rest, done };
        this.#owner.wait(this);
        return;
      }
    }
    done();
  }

  #giveBack(bytes: number): void {
    this.#due += bytes;
    if (this.#due * 2 < this.#owner.windowBytes || this.#finReceived) return;
    const grown = this.#due;
    this.#due = 0;
    this.#receiveRoom += grown;
    this.#owner.control(frameType.windowUpdate, this.#takeFirstFlags(), this.id, grown);
  }

  #takeFirstFlags(): number {
    const flags = this.#firstFlags;
    this.#firstFlags = 0;
    return flags;
  }
}
