import { z } from 'zod';

/**
 * What a caller may do. `call`: call nodes and see them; `operate`: also watch machines and invite nodes;
 * `admin`: also make and revoke tokens. Each includes the ones before it.
 */
export const roles = ['call', 'operate', 'admin'] as const;
export type Role = (typeof roles)[number];

/** One node name, `prefix*` or `*`. */
export const nodeGlob = z
  .string()
  .regex(/^[a-z0-9-]{0,63}\*?$/, 'a node pattern is a node name, a prefix with * at its end, or *')
  .min(1);

/** Who calls, as a verified token tells. */
export interface Identity {
  /** Name of the caller, for logs and for the callee. */
  readonly subject: string;
  /** Id of the token, as the registry knows it. */
  readonly tokenId: string;
  readonly roles: readonly Role[];
  /** Patterns of the nodes that it may call; undefined: all. */
  readonly nodes: readonly string[] | undefined;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
}

/** True when one of the caller's roles is `role` or includes it. */
export function hasRole(identity: Pick<Identity, 'roles'>, role: Role): boolean {
  const wanted = roles.indexOf(role);
  return identity.roles.some((held) => roles.indexOf(held) >= wanted);
}

/** True when the caller may call (and see) the node. */
export function mayCall(identity: Pick<Identity, 'roles' | 'nodes'>, node: string): boolean {
  if (!hasRole(identity, 'call')) return false;
  if (identity.nodes === undefined) return true;
  return identity.nodes.some((glob) =>
    glob.endsWith('*') ? node.startsWith(glob.slice(0, -1)) : node === glob,
  );
}

/** True when whoever may call what `held` names may call everything that `wanted` names too. */
export function nodesCover(
  held: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  if (held === undefined) return true;
  if (wanted === undefined) return false;
  return wanted.every((glob) =>
    held.some((own) => own === glob || (own.endsWith('*') && glob.startsWith(own.slice(0, -1)))),
  );
}
