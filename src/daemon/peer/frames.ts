import { PosternError } from '../../errors.js';
import { PeerFrame } from '../../gen/postern/daemon/v1/peer.js';
import { maxEntry } from '../group/entry.js';

/** What a frame says. */
export type FrameBody = NonNullable<PeerFrame['body']>;

/** Longest frame of somebody who has not proved who it is, in bytes. */
export const mostBeforeAuth = 1024;
/** Longest frame: one entry of the longest kind, and room for what is around it. */
export const mostFrameBytes = maxEntry + 256 * 1024;

/** A frame on the wire: its length in 4 bytes, and a PeerFrame. */
export function encodeFrame(body: FrameBody): Buffer {
  const writer = PeerFrame.encode({ body });
  const message = writer.finish();
  const frame = Buffer.allocUnsafe(4 + message.length);
  frame.writeUInt32BE(message.length);
  frame.set(message, 4);
  return frame;
}

/** Puts frames together from what a socket gives. */
export class FrameReader {
  /** Longest frame that is taken. */
  limit = mostBeforeAuth;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Bytes that belong to no whole frame yet. */
  get waiting(): number {
    return this.#bytes;
  }

  /** Takes what belongs to no whole frame yet. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    return rest;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole frame. Throws `PEER_INVALID` for one that is too long or no frame. */
  next(): FrameBody | undefined {
    const length = this.#peekLength();
    if (length === undefined) return undefined;
    if (length > this.limit) {
      throw new PosternError('PEER_INVALID', `a frame of ${length} bytes; ${this.limit} are the most`);
    }
    if (this.#bytes < 4 + length) return undefined;
    const data = this.#joined();
    const message = data.subarray(4, 4 + length);
    const rest = data.subarray(4 + length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    const { body } = decode(message);
    if (body === undefined) throw new PosternError('PEER_INVALID', 'a frame that says nothing known');
    return body;
  }

  #peekLength(): number | undefined {
    if (this.#bytes < 4) return undefined;
    const [first] = this.#chunks;
    return (first !== undefined && first.length >= 4 ? first : this.#joined()).readUInt32BE(0);
  }

  #joined(): Buffer {
    const [first, ...others] = this.#chunks;
    if (first !== undefined && others.length === 0) return first;
    const data = Buffer.concat(this.#chunks);
    this.#chunks = [data];
    return data;
  }
}

function decode(message: Buffer): PeerFrame {
  try {
    return PeerFrame.decode(message);
  } catch (cause) {
    throw new PosternError('PEER_INVALID', 'a frame that is none', { cause });
  }
}
