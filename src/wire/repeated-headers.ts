import { isForwardable } from '../rpc/metadata.js';

/** Longer header blocks are not kept: each connection keeps one. In strings, and in their characters. */
const [mostStrings, mostCharacters] = [128, 8_192];

/**
 * What was made of the metadata of a connection's last request, for the next one that says the same: clients repeat all
 * but path and deadline in each call, and to see that takes less than to read it again.
 */
export class RepeatedHeaders<T> {
  readonly #make: (rawHeaders: readonly string[]) => T;
  #last: readonly string[] = [];
  #made: T | undefined;

  /** @param make of a header block; it may look at nothing but what `forwardableMetadata` lets through. */
  constructor(make: (rawHeaders: readonly string[]) => T) {
    this.#make = make;
  }

  /** What is made of a header block, as Node's `rawHeaders`. */
  of(rawHeaders: readonly string[]): T {
    if (this.#made !== undefined && saysSame(this.#last, rawHeaders)) return this.#made;
    const made = this.#make(rawHeaders);
    const keep = isSmall(rawHeaders);
    this.#last = keep ? rawHeaders : [];
    this.#made = keep ? made : undefined;
    return made;
  }
}

function isSmall(rawHeaders: readonly string[]): boolean {
  if (rawHeaders.length > mostStrings) return false;
  let characters = 0;
  for (const text of rawHeaders) characters += text.length;
  return characters <= mostCharacters;
}

/** Whether both have the same names in the same order, and the same values of all that is metadata. */
function saysSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 2) {
    const name = one[i] ?? '';
    if (name !== other[i]) return false;
    if (one[i + 1] !== other[i + 1] && isForwardable(name.toLowerCase())) return false;
  }
  return true;
}
