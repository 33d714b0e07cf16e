import type { RevokedKeys } from '../bus/authority.js';
import type { Decision } from '../bus/compare-and-set.js';
import type { InstanceEntry, NodeEntry } from '../bus/messages.js';
import { PosternError } from '../errors.js';

/** A node remembers so many of its revoked keys, the newest. */
const mostRevokedKeys = 256;

/** Bars the node of an entry, or one of its keys. Throws `KEY_UNKNOWN`. */
export function decideRevocation(
  entry: NodeEntry,
  key: string | undefined,
  nowMs: number,
): Decision<NodeEntry, InstanceEntry[]> {
  if (key === undefined) {
    if (entry.revokedAtMs !== undefined) return { result: [] };
    return { write: { ...entry, instances: [], revokedAtMs: nowMs }, result: entry.instances };
  }
  if (!entry.keys.some((bound) => bound.key === key)) {
    if (entry.revokedKeys?.some((revoked) => revoked.key === key)) return { result: [] };
    throw new PosternError('KEY_UNKNOWN', `node '${entry.name}' has no such key`);
  }
  const write: NodeEntry = {
    ...entry,
    keys: entry.keys.filter((bound) => bound.key !== key),
    revokedKeys: withRevoked(entry, [key], nowMs),
    instances: entry.instances.filter((one) => one.key !== key),
  };
  return { write, result: entry.instances.filter((one) => one.key === key) };
}

/** Lifts the bar of a node: its name may be joined again, by other keys than those that it had. */
export function decideAllowance(entry: NodeEntry, nowMs: number): Decision<NodeEntry, void> {
  if (entry.revokedAtMs === undefined) return { result: undefined };
  const { revokedAtMs, ...open } = entry;
  const keys = entry.keys.map((bound) => bound.key);
  return { write: { ...open, keys: [], revokedKeys: withRevoked(entry, keys, nowMs) }, result: undefined };
}

/** Throws `REVOKED` where the node, or this key of it, was revoked. */
export function refuseRevoked(entry: NodeEntry, key: string): void {
  if (entry.revokedAtMs !== undefined) throw new PosternError('REVOKED', `node '${entry.name}' was revoked`);
  if (entry.revokedKeys?.some((revoked) => revoked.key === key)) {
    throw new PosternError('REVOKED', `this key of node '${entry.name}' was revoked`);
  }
}

/**
 * All keys that were revoked after `sinceMs`, with the time of it. A credential outlives nothing that is older than the
 * longest life of credentials, so that older ones need not be told to servers.
 */
export function revokedKeysOf(entries: Iterable<NodeEntry>, sinceMs: number): RevokedKeys {
  const revoked = new Map<string, number>();
  for (const entry of entries) {
    for (const { key, atMs } of entry.revokedKeys ?? []) if (atMs > sinceMs) revoked.set(key, atMs);
    const { revokedAtMs } = entry;
    if (revokedAtMs === undefined || revokedAtMs <= sinceMs) continue;
    for (const { key } of entry.keys) revoked.set(key, revokedAtMs);
  }
  // What stands for the key of a program without one has no credentials on the bus.
  for (const key of revoked.keys()) if (!key.startsWith('U')) revoked.delete(key);
  return revoked;
}

function withRevoked(entry: NodeEntry, keys: readonly string[], atMs: number): NodeEntry['revokedKeys'] {
  const more = keys.map((key) => ({ key, atMs }));
  return [...(entry.revokedKeys ?? []), ...more].slice(-mostRevokedKeys);
}
