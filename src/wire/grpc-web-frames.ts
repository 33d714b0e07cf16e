/** Flag bit of the frame that holds trailers (PROTOCOL-WEB.md of gRPC). */
export const trailersFlag = 0x80;
/** Flag and length before each frame, bytes. */
export const frameHeaderBytes = 5;

/** What `FrameScanner.scan` gives when it has met a frame of trailers. */
export const foundTrailers = -1;

/** Follows the frames of a body, in whatever pieces it comes. Messages are neither kept nor decoded. */
export class FrameScanner {
  #headerBytes = 0;
  #length = 0;
  #left = 0;

  /** True between two messages, also before the first and behind the last. */
  get whole(): boolean {
    return this.#left === 0 && this.#headerBytes === 0;
  }

  /**
   * Takes the next bytes. Gives the offset in `chunk` behind the last message that ends in it, 0 where none does;
   * `foundTrailers` where a frame of trailers begins in it: nothing may be scanned after that.
   */
  scan(chunk: Uint8Array): number {
    const { length } = chunk;
    let boundary = 0;
    for (let at = 0; at < length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) boundary = at;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at += 1;
      if (this.#headerBytes === 0) {
        if ((byte & trailersFlag) !== 0) return foundTrailers;
        this.#length = 0;
      } else this.#length = this.#length * 256 + byte;
      this.#headerBytes += 1;
      if (this.#headerBytes < frameHeaderBytes) continue;
      this.#headerBytes = 0;
      this.#left = this.#length;
      if (this.#left === 0) boundary = at;
    }
    return boundary;
  }
}

/** A frame of trailers around its text. */
export function trailersFrame(text: string): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + text.length);
  frame.writeUInt8(trailersFlag, 0);
  frame.writeUInt32BE(text.length, 1);
  frame.write(text, frameHeaderBytes, 'latin1');
  return frame;
}
