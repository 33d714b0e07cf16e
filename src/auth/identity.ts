import { coversNode, patternsCover } from './node-patterns.js';
import type { TokenSession } from './token-session.js';

/**
 * What a caller may do.
 * - `call`: call nodes and local services, and see the nodes.
 * - `join`: make join tokens for the nodes that it covers; nothing else.
 * - `operate`: `call` and `join`, and watch the machines.
 * - `trace`: see the nodes, and watch the machines; nothing else.
 * - `admin`: all of these, and make, list and revoke tokens.
 */
export const roles = ['call', 'join', 'operate', 'trace', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The roles that a role includes. */
const included: Readonly<Record<Role, readonly Role[]>> = {
  call: ['call'],
  join: ['join'],
  operate: ['call', 'join', 'operate'],
  trace: ['trace'],
  admin: roles,
};

/** How much an identity may take; what is absent is not limited by its token. */
export interface Limits {
  readonly callsPerSecond?: number | undefined;
  /** Calls that are open at the same time. */
  readonly inFlight?: number | undefined;
  /** Of both directions together. */
  readonly bytesPerSecond?: number | undefined;
  /** Largest message in bytes, as it travels: compressed where it is. */
  readonly messageBytes?: number | undefined;
  /** Longest deadline of a call in milliseconds; a call with a later one, or none, gets this one. */
  readonly deadlineMs?: number | undefined;
}

/** Who calls, as a verified token tells. */
export interface Identity {
  /** Name of the caller, for logs and for the callee; unique within its issuer. */
  readonly subject: string;
  /** Address of the person behind it, verified by the issuer. */
  readonly email?: string | undefined;
  /** Id of the token, as the registry knows it; an issuer's own tokens have one made from what they say. */
  readonly tokenId: string;
  /** Who signed the token: `postern`, or the issuer's URL. */
  readonly issuer: string;
  readonly roles: readonly Role[];
  /** Names, patterns (`edge-*`) or label selectors (`site=berlin,!gpu`) of the nodes that it may call; undefined: all. */
  readonly nodes?: readonly string[] | undefined;
  /** Methods that it may call on them: `pkg.Service/Method`, `pkg.Service/*`, `pkg.*`; undefined: all. */
  readonly methods?: readonly string[] | undefined;
  readonly limits: Limits;
  /** Unix time in milliseconds. */
  readonly expiresAtMs: number;
  /** The session that the token is of, where its issuer has such. */
  readonly session?: TokenSession | undefined;
}

/** True when one of the caller's roles is `role` or includes it. */
export function hasRole(identity: Pick<Identity, 'roles'>, role: Role): boolean {
  return identity.roles.some((held) => included[held].includes(role));
}

/**
 * True when the node is one of those that the token is about, whatever it may do there.
 * @param granted the labels that join tokens gave it, not those that it says itself; undefined: it is not known.
 */
export function maySee(
  identity: Pick<Identity, 'nodes'>,
  node: string,
  granted: Readonly<Record<string, string>> | undefined,
): boolean {
  return coversNode(identity.nodes, node, granted);
}

/** True when the caller may call the node; which methods is another question. */
export function mayCall(
  identity: Pick<Identity, 'roles' | 'nodes'>,
  node: string,
  granted?: Readonly<Record<string, string>>,
): boolean {
  return hasRole(identity, 'call') && coversNode(identity.nodes, node, granted);
}

/** True when whoever may call what `held` names may call everything that `wanted` names too. */
export function nodesCover(
  held: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  return patternsCover(held, wanted);
}
