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

/** A JWT somewhere in a value. */
const jwtShape = /[\w-]+\.[\w-]+\.[\w-]+/g;

/** The value without the parts, between commas, that hold a token of the hub; undefined when nothing is left of it. */
function withoutTokens(value: string, token: string, isOurs: (token: string) => boolean): string | undefined {
  const holdsOne = (part: string): boolean =>
    (token !== '' && part.includes(token)) || (part.match(jwtShape)?.some(isOurs) ?? false);
  if (!holdsOne(value)) return value;
  const rest = value.split(',').filter((part) => !holdsOne(part) && part.trim() !== '');
  return rest.length === 0 ? undefined : rest.join(',').trim();
}

/**
 * Takes the hub's token out of a call's metadata: `x-postern-authorization` or `jwt` (with or without `Bearer `), else
 * `authorization: Bearer`. Of the names that stay, e.g. `authorization` when the token came as `jwt`, the values belong
 * to the upstream and pass, unless they hold that token again, or another one of the hub: these never leave the hub.
 * @param isOurs whether a JWT is a token of the hub.
 */
export function takeToken(
  metadata: RawMetadata,
  isOurs: (token: string) => boolean = () => false,
): TakenToken {
  let rank = holders.length;
  let token: string | undefined;
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const at = holders.indexOf(name);
    if (at === -1 || at >= rank) continue;
    const value = metadata[i + 1] ?? '';
    if (!isBearer(name, value)) continue;
    rank = at;
    token = bare(value);
  }
  if (token === undefined) return { token, differ: false, rest: metadata };
  const holder = holders[rank];
  let differ = false;
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const value = metadata[i + 1] ?? '';
    if (name === holder) {
      if (bare(value) !== token) differ = true;
      continue;
    }
    const kept = holders.includes(name) ? withoutTokens(value, token, isOurs) : value;
    if (kept !== undefined) rest.push(name, kept);
  }
  return { token, differ, rest };
}
