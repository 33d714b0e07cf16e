import type { CallTarget } from '../rpc/call.js';
import { isForwardPath } from '../rpc/forward.js';

/** One instance that may be given calls, as the balancer sees it. */
export interface Place {
  readonly id: string;
  readonly target: CallTarget;
  /** Path prefixes that it serves, `/` in front; empty: all. */
  readonly services: readonly string[];
  /** Calls that are open towards it from here. */
  openCalls: number;
}

/** The instances of one node that may be given calls now. */
export interface Pool {
  readonly name: string;
  /** Replaced as a whole when it changes. */
  readonly ready: readonly Place[];
  /** Calls that are open towards all instances from here. */
  openCalls: number;
  /** Where the next round begins. */
  turn: number;
}

/** True when the instance serves the path; what it forwards it says when it is asked. */
export function serves(place: Place, path: string): boolean {
  if (isForwardPath(path)) return true;
  return place.services.length === 0 || place.services.some((prefix) => path.startsWith(prefix));
}

/** The instance with the fewest open calls that serves the path, in turns where they are equal. */
export function pick(pool: Pool, path: string, except?: Place): Place | undefined {
  const { ready } = pool;
  let best: Place | undefined;
  let bestAt = 0;
  for (let i = 0; i < ready.length; i++) {
    const at = (pool.turn + i) % ready.length;
    const place = ready[at];
    if (place === undefined || place === except || !serves(place, path)) continue;
    if (best === undefined || place.openCalls < best.openCalls) {
      best = place;
      bestAt = at;
    }
  }
  if (best !== undefined) pool.turn = bestAt + 1;
  return best;
}
