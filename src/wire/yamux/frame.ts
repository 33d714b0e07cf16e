/**
 * Frames of yamux, version 0: a header of 12 bytes, and for DATA a body behind it.
 * https://github.com/hashicorp/yamux/blob/master/spec.md
 */

export const frameType = { data: 0, windowUpdate: 1, ping: 2, goAway: 3 } as const;
export const flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;
/** Reasons of a GO AWAY frame. */
export const goAwayCode = { normal: 0, protocolError: 1, internalError: 2 } as const;

export const headerBytes = 12;
/** Receive window of a stream when it opens, both directions, bytes. Fixed by the specification. */
export const initialWindowBytes = 256 * 1024;

/** What stands in a header. `length` is a body's length, a window's growth, a ping's value or a go-away code. */
export interface Header {
  type: number;
  flags: number;
  streamId: number;
  length: number;
}

/** Writes a header; a body has to follow where it is DATA with a length. */
export function encodeHeader(type: number, flags: number, streamId: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header[0] = 0;
  header[1] = type;
  header.writeUInt16BE(flags, 2);
  header.writeUInt32BE(streamId, 4);
  header.writeUInt32BE(length, 8);
  return header;
}

/** What a parser tells. A false answer ends the parsing: what follows is not looked at. */
export interface FrameHandler {
  /** A header; the body of a DATA frame comes in pieces afterwards. */
  header(header: Header): boolean;
  /** A piece of the body of the last header, not copied; so many bytes of it are still to come. */
  body(streamId: number, piece: Buffer, left: number): boolean;
  /** What came is not yamux. */
  broken(why: string): void;
}

/** Cuts a byte stream into frames, whatever its pieces are; bodies are passed on as they come. */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #partial = Buffer.alloc(headerBytes);
  #partialBytes = 0;
  #bodyLeft = 0;
  #bodyOf = 0;
  #ended = false;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      if (this.#bodyLeft > 0) {
        const piece = chunk.subarray(at, at + this.#bodyLeft);
        at += piece.length;
        this.#bodyLeft -= piece.length;
        this.#ended = !this.#handler.body(this.#bodyOf, piece, this.#bodyLeft);
      } else {
        const copied = chunk.copy(this.#partial, this.#partialBytes, at);
        at += copied;
        this.#partialBytes += copied;
        if (this.#partialBytes === headerBytes) {
          this.#partialBytes = 0;
          this.#header(this.#partial);
        }
      }
    }
  }

  #header(bytes: Buffer): void {
    const [version = 0, type = 0] = bytes;
    const why =
      version !== 0
        ? `version ${version} of yamux is not known`
        : type > frameType.goAway
          ? `frame type ${type} is not known`
          : undefined;
    if (why !== undefined) {
      this.#ended = true;
      this.#handler.broken(why);
      return;
    }
    const streamId = bytes.readUInt32BE(4);
    const length = bytes.readUInt32BE(8);
    if (type === frameType.data) {
      this.#bodyLeft = length;
      this.#bodyOf = streamId;
    }
    this.#ended = !this.#handler.header({ type, flags: bytes.readUInt16BE(2), streamId, length });
  }
}
