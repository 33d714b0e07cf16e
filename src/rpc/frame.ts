/**
 * The binary header in front of every frame, as in docs/protocol.md: u8 kind, u8 flags, u16 zero, u32 call id,
 * u64 offset (below 2^53), u32 length of the body; big-endian. A message on the bus is frames back to back.
 */

/** Bytes of a frame header. */
export const headerBytes = 20;
/** Where in a header the length of the body stands. */
export const lengthAt = 16;

export const frameKind = {
  open: 1,
  head: 2,
  data: 3,
  trailers: 4,
  reset: 5,
  credit: 6,
  ping: 7,
  pong: 8,
  sync: 9,
  accept: 10,
} as const;

export const frameFlag = {
  /** On DATA: the sender's direction ends after these bytes. */
  end: 0x01,
  /** On TRAILERS: a HEAD was sent before. */
  headed: 0x02,
  /** The sender is the caller of this call. */
  fromCaller: 0x80,
} as const;

/** What the flags and the call id of each kind may be; the index is the kind. */
const shapes: readonly ({ may: number; must: number; callId: 'yes' | 'no' | 'both' } | undefined)[] = [
  undefined,
  { may: frameFlag.fromCaller, must: frameFlag.fromCaller, callId: 'yes' },
  { may: 0, must: 0, callId: 'yes' },
  { may: frameFlag.fromCaller | frameFlag.end, must: 0, callId: 'yes' },
  { may: frameFlag.headed, must: 0, callId: 'yes' },
  { may: frameFlag.fromCaller, must: 0, callId: 'yes' },
  { may: frameFlag.fromCaller, must: 0, callId: 'both' },
  { may: 0, must: 0, callId: 'no' },
  { may: 0, must: 0, callId: 'no' },
  { may: 0, must: 0, callId: 'no' },
  { may: 0, must: 0, callId: 'yes' },
];

const highUnit = 2 ** 32;
/** Upper half of the largest offset, 2^53 - 1. */
const highMax = 2 ** 21;

/** Writes a header at `at`; `offset` is an integer below 2^53, `id` and `length` below 2^32. */
export function writeHeader(
  into: Uint8Array,
  at: number,
  kind: number,
  flags: number,
  id: number,
  offset: number,
  length: number,
): void {
  const high = Math.floor(offset / highUnit);
  into[at] = kind;
  into[at + 1] = flags;
  into[at + 2] = 0;
  into[at + 3] = 0;
  into[at + 4] = id >>> 24;
  into[at + 5] = id >>> 16;
  into[at + 6] = id >>> 8;
  into[at + 7] = id;
  into[at + 8] = 0;
  into[at + 9] = high >>> 16;
  into[at + 10] = high >>> 8;
  into[at + 11] = high;
  into[at + 12] = offset >>> 24;
  into[at + 13] = offset >>> 16;
  into[at + 14] = offset >>> 8;
  into[at + 15] = offset;
  into[at + 16] = length >>> 24;
  into[at + 17] = length >>> 16;
  into[at + 18] = length >>> 8;
  into[at + 19] = length;
}

/**
 * Walks over the frames of a message without making an object per frame: after `next()` returned true, the fields
 * describe the present frame.
 */
export class FrameCursor {
  /** The message, which the frames' bodies are parts of. */
  message: Buffer = Buffer.alloc(0);
  kind = 0;
  flags = 0;
  id = 0;
  offset = 0;
  /** Where the body starts and ends in `message`. */
  bodyStart = 0;
  bodyEnd = 0;
  /** The header breaks a rule, though the frame's boundary is known: an unknown kind, flags or an id that do not go with
   * it, reserved bits, an offset of 2^53 or more. */
  malformed = false;
  /** The message ends inside a frame, or holds none; what follows the last whole frame is lost. */
  broken = false;

  /** Begins with a new message. */
  start(message: Uint8Array): void {
    this.message = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    this.bodyEnd = 0;
    this.broken = message.byteLength === 0;
  }

  /** Goes to the next frame; false at the end of the message or where it is broken. */
  next(): boolean {
    const { message } = this;
    const at = this.bodyEnd;
    if (at === message.length) return false;
    if (at + headerBytes > message.length) {
      this.broken = true;
      return false;
    }
    const length = message.readUInt32BE(at + 16);
    if (at + headerBytes + length > message.length) {
      this.broken = true;
      return false;
    }
    const high = message.readUInt32BE(at + 8);
    this.kind = message.readUInt8(at);
    this.flags = message.readUInt8(at + 1);
    this.id = message.readUInt32BE(at + 4);
    this.offset = high * highUnit + message.readUInt32BE(at + 12);
    this.malformed = high >= highMax || message.readUInt16BE(at + 2) !== 0 || !this.#fitsKind();
    this.bodyStart = at + headerBytes;
    this.bodyEnd = this.bodyStart + length;
    return true;
  }

  /** The sender says that it is the caller of the call. */
  get fromCaller(): boolean {
    return (this.flags & frameFlag.fromCaller) !== 0;
  }

  #fitsKind(): boolean {
    const shape = shapes[this.kind];
    if (shape === undefined || (this.flags & ~shape.may) !== 0 || (this.flags & shape.must) !== shape.must) {
      return false;
    }
    return shape.callId === 'both' || (shape.callId === 'yes') === (this.id !== 0);
  }

  /** The body as a part of the message. */
  body(): Buffer {
    return this.message.subarray(this.bodyStart, this.bodyEnd);
  }

  /**
   * The body for somebody who may keep it: a part of the message, or a copy where a small body would keep a large
   * buffer of the connection alive.
   */
  keptBody(): Buffer {
    const body = this.body();
    const held = body.buffer.byteLength;
    return held > 16_384 && held > 4 * body.length ? Buffer.from(body) : body;
  }
}
