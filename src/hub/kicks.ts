import type { Decision } from '../bus/compare-and-set.js';
import type { InstanceEntry, NodeEntry } from '../bus/messages.js';
import { PosternError } from '../errors.js';

/** An id is not given back for so long; by then every hub has seen that it was gone, in milliseconds. */
const rememberedMs = 600_000;
/** A node remembers so many that were kicked, the newest. */
const mostKicked = 256;
/** The longest bar, in milliseconds: what shall last longer is to be revoked. */
export const longestBarMs = 30 * 86_400_000;

/**
 * Takes the places of a node away, or that of one instance. With `barMs` > 0 none is given out for so long: to nobody, or
 * to the key of that instance. Throws `INSTANCE_UNKNOWN`, `INVALID_ARGUMENT`.
 */
export function decideKick(
  entry: NodeEntry,
  instance: string | undefined,
  barMs: number,
  nowMs: number,
): Decision<NodeEntry, InstanceEntry[]> {
  if (barMs > longestBarMs) {
    throw new PosternError('INVALID_ARGUMENT', 'a bar of more than 30 days: revoke the node instead');
  }
  const gone = entry.instances.filter(({ id }) => instance === undefined || id === instance);
  if (instance !== undefined && gone.length === 0) {
    throw new PosternError(
      'INSTANCE_UNKNOWN',
      `node '${entry.name}' has no instance '${instance.slice(0, 64)}'`,
    );
  }
  if (gone.length === 0 && barMs === 0) return { result: [] };
  const untilMs = nowMs + barMs;
  const keys = new Set(gone.map(({ key }) => key));
  /** The bars before, but those that this one takes the place of. */
  const before = (entry.kicked ?? [])
    .map((one) =>
      barMs > 0 && (instance === undefined || keys.has(one.key)) ? { ...one, untilMs: one.atMs } : one,
    )
    .filter((one) => one.untilMs > nowMs || one.atMs > nowMs - rememberedMs);
  const more = gone.map(({ id, key }) => ({ instance: id, key, atMs: nowMs, untilMs }));
  const write: NodeEntry = {
    ...entry,
    instances: entry.instances.filter((one) => !gone.includes(one)),
    kicked: [...before, ...more].slice(-mostKicked),
    ...(instance === undefined && barMs > 0 ? { barredUntilMs: untilMs } : {}),
  };
  return { write, result: gone };
}

/** True where the instance must not come back under its id: hubs could miss that it was gone. */
export function wasKicked(entry: NodeEntry, instance: string): boolean {
  return entry.kicked?.some((one) => one.instance === instance) ?? false;
}

/** How long the key is given no place of the node, in milliseconds; 0: it is. */
export function barredForMs(entry: NodeEntry, key: string, nowMs: number): number {
  let untilMs = entry.barredUntilMs ?? 0;
  for (const one of entry.kicked ?? []) if (one.key === key) untilMs = Math.max(untilMs, one.untilMs);
  return Math.max(0, untilMs - nowMs);
}
