import { createHash } from 'node:crypto';

/**
 * A stream of chance of its own for each thing that draws: the same words give the same stream, and other streams
 * change nothing in it. The numbers are those of sfc32, the 32-bit "small fast counting" generator of Chris
 * Doty-Humphrey's PractRand, whose three words of state are the first 96 bits of a SHA-256 over the words.
 */
export class Lot {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...words: readonly (string | number)[]) {
    // As JSON, so that other words are another text.
    const seed = createHash('sha256').update(JSON.stringify(words)).digest();
    this.#a = seed.readInt32LE(0);
    this.#b = seed.readInt32LE(4);
    this.#c = seed.readInt32LE(8);
    for (let i = 0; i < 12; i += 1) this.next();
  }

  /** The next number, 0 to 2^32 - 1. */
  next(): number {
    const made = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + made) | 0;
    return made >>> 0;
  }

  /** True once in `odds` draws, on the long average; `odds` is a whole number from 1 to 2^31. */
  oneIn(odds: number): boolean {
    // What is beyond the last whole multiple would favour small numbers.
    const fair = 2 ** 32 - (2 ** 32 % odds);
    let drawn = this.next();
    while (drawn >= fair) drawn = this.next();
    return drawn % odds === 0;
  }
}
