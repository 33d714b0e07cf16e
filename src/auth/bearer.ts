import type { RawMetadata } from '../rpc/call.js';

/** Names of metadata that may hold the hub's token, the first that is there wins. */
const holders: readonly string[] = ['x-postern-authorization', 'jwt', 'authorization'];

/** The hub's token, and the metadata without it. */
export interface TakenToken {
  /** The token without `Bearer `, or undefined when there is none. */
  readonly token: string | undefined;
  /** All other metadata; `metadata` itself when nothing was taken. */
  readonly rest: RawMetadata;
}

function bare(value: string): string {
  return /^bearer\s/i.test(value) ? value.slice(7).trim() : value.trim();
}

function isBearer(name: string, value: string): boolean {
  return name !== 'authorization' || /^bearer\s/i.test(value);
}

/**
 * Takes the hub's token out of a call's metadata: `x-postern-authorization` or `jwt` (with or without `Bearer `), else
 * `authorization: Bearer`. Of the names that stay, e.g. `authorization` when the token came as `jwt`, the values belong
 * to the upstream and pass, unless they are the hub's token again: that never leaves the hub.
 */
export function takeToken(metadata: RawMetadata): TakenToken {
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
  if (token === undefined) return { token, rest: metadata };
  const holder = holders[rank];
  const rest: string[] = [];
  for (let i = 0; i < metadata.length; i += 2) {
    const name = metadata[i] ?? '';
    const value = metadata[i + 1] ?? '';
    if (name === holder || (holders.includes(name) && bare(value) === token)) continue;
    rest.push(name, value);
  }
  return { token, rest };
}
