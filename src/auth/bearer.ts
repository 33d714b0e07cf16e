import type { RawMetadata } from '../rpc/call.js';

/** Names of metadata that may hold the hub's token, the first that is there wins. */
const holders: readonly string[] = ['x-postern-authorization', 'jwt', 'authorization'];

/** The hub's token, and the metadata without it. */
export interface TakenToken {
  /** The token without `Bearer `, or undefined when there is none. */
  readonly token: string | undefined;
  /** The name that held it holds something else too: nobody can tell which is meant. */
  readonly differ: boolean;
  /** All other metadata; `metadata` itself when nothing was taken. */
  readonly rest: RawMetadata;
}

function bare(value: string): string {
  return /^bearer\s/i.test(value) ? value.slice(7).trim() : value.trim();
}

function isBearer(name: string, value: string): boolean {
  return name !== 'authorization' || /^bearer\s/i.test(value);
}

/** What a JWT may stand in. One pattern for a whole JWT would take time in the square of a value that holds no dot. */
const jwtLetters = /[\w.-]+/g;
/** So many texts that could be tokens are looked at in one call's metadata: each may cost a check of a signature. */
const mostLookedAt = 32;

/** Finds tokens of the hub in the values of one call. */
class TokenSearch {
  readonly #token: string;
  readonly #isOurs: (token: string) => boolean;
  #looked = 0;

  /** @param token one that is known; '' where none is. */
  constructor(token: string, isOurs: (token: string) => boolean) {
    this.#token = token;
    this.#isOurs = isOurs;
  }

  /** The value without the parts, between commas, that hold one; undefined when nothing is left of it. */
  without(value: string): string | undefined {
    if (!this.#in(value)) return value;
    const rest = value.split(',').filter((part) => part.trim() !== '' && !this.#in(part));
    return rest.length === 0 ? undefined : rest.join(',').trim();
  }

  /** True also where there is too much to look at. */
  #in(text: string): boolean {
    if (this.#token !== '' && text.includes(this.#token)) return true;
    for (const [run] of text.matchAll(jwtLetters)) {
      const parts = run.split('.');
      for (let i = 0; i + 2 < parts.length; i++) {
        if (++this.#looked > mostLookedAt || this.#isOurs(parts.slice(i, i + 3).join('.'))) return true;
      }
    }
    return false;
  }
}

/**
 * Takes the hub's token out of a call's metadata: `x-postern-authorization` or `jwt` (with or without `Bearer `), else
 * `authorization: Bearer`. Of the names that stay, e.g. `authorization` when the token came as `jwt`, the values belong
 * to the upstream and pass, unless they hold that token again, or another one of the hub: these never leave the hub. Nor
 * does a value with more in it that could be a token than is worth looking at.
 * @param isOurs whether a JWT is a token of the hub.
 */
export function takeToken(
  metadata: RawMetadata,
  isOurs: (token: string) => boolean = () => false,
): TakenToken {
  let rank = holders.length;
  let token: string | undefined;
  let mayHold = false;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const at = holders.indexOf(name);
    if (at === -1) continue;
    mayHold = true;
    const value = metadata[i + 1] ?? '';
    if (at >= rank || !isBearer(name, value)) continue;
    rank = at;
    token = bare(value);
  }
  if (!mayHold) return { token, differ: false, rest: metadata };
  const holder = holders[rank];
  let differ = false;
  let search: TokenSearch | undefined;
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const value = metadata[i + 1] ?? '';
    if (name === holder) {
      if (bare(value) !== token) differ = true;
      continue;
    }
    if (!holders.includes(name)) {
      rest.push(name, value);
      continue;
    }
    search ??= new TokenSearch(token ?? '', isOurs);
    const kept = search.without(value);
    if (kept !== undefined) rest.push(name, kept);
  }
  return { token, differ, rest };
}
