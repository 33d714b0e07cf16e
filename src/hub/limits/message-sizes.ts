/** Bytes before each message: a flag and the length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/** Follows the lengths of the messages in a stream of gRPC bytes, without looking at the messages. */
export class MessageSizes {
  readonly #most: number;
  /** Bytes of the present message that are still to come. */
  #left = 0;
  /** Bytes of the present prefix that have come, and the length that they say so far. */
  #prefix = 0;
  #length = 0;

  /** `most`: the largest message that is let through, in bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Length of the first message in these bytes that is too large, as soon as its prefix is there; undefined: none is. */
  tooLarge(chunk: Uint8Array): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at] ?? 0;
      at++;
      // The flag says nothing about the length.
      if (this.#prefix > 0) this.#length = this.#length * 256 + byte;
      this.#prefix++;
      if (this.#prefix < prefixBytes) continue;
      if (this.#length > this.#most) return this.#length;
      this.#left = this.#length;
      this.#prefix = 0;
      this.#length = 0;
    }
    return undefined;
  }
}
