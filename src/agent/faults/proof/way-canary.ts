import type { FaultShape } from '../../../fault-kinds.js';
import type { DisturbanceKind } from '../../../wire/impaired/disturbance.js';
import { shortestRetransmissionMs, usualReorderMs } from '../../../wire/impaired/effect.js';
import { type ProbedWays, probeWays } from '../../../wire/impaired/probe.js';
import type { Canary, Expectation } from '../injection.js';

/** A look takes no longer, milliseconds. */
const lookMs = 900;
/** What is sent through a way of a limited rate is so large that it takes so long in each direction, milliseconds. */
const rateMs = 100;
/** What is sent through others, bytes. */
const usualBytes = 64;

/** A way that relays or the gate hold, whose disturbance can be looked at. */
export interface LookedWay {
  /** For people, such as `relay tcp south@192.0.2.7:4101`. */
  readonly name: string;
  readonly as: 'datagram' | 'stream';
  /** How it is disturbed now. */
  ways(): ProbedWays;
  /** Its connections are reset now. */
  isResetting(): boolean;
}

let looks = 0;

/**
 * A canary that sends something of its own through copies of what disturbs a way at that moment: whoever is at its ends never
 * sees it, and lots and rates of what really goes there stay as they are.
 */
export function wayCanary(
  path: Canary['path'],
  { name, as, ways, isResetting }: LookedWay,
  kind: DisturbanceKind,
  shape: FaultShape,
): Canary {
  const bytes =
    kind === 'rate' ? Math.max(1, Math.round(shape.bytesPerSecond * (rateMs / 1000))) : usualBytes;
  // What waits for its retransmission, or to be overtaken, has not come through as it was to.
  const withinMs = patienceMs(kind, as, shape);
  return {
    path,
    name,
    expects: expected(kind, shape),
    async look(signal) {
      if (isResetting()) return { through: false, ms: 0, found: 'reset' };
      const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
      const ms = await probeWays(ways(), { as, bytes, name: `canary ${looks++}` }, within);
      return ms === undefined
        ? { through: false, ms: withinMs, found: 'nothing came' }
        : { through: true, ms };
    },
  };
}

function patienceMs(kind: DisturbanceKind, as: LookedWay['as'], { delayMs }: FaultShape): number {
  if (kind === 'loss' && as === 'stream') return shortestRetransmissionMs - 20;
  if (kind === 'reorder') return Math.min(lookMs, (delayMs === 0 ? usualReorderMs : delayMs) - 2);
  return lookMs;
}

function expected(kind: DisturbanceKind, { direction, share, delayMs }: FaultShape): Expectation {
  const directions = direction === 'both' ? 2 : 1;
  if (kind === 'loss' || kind === 'reorder') return { sees: 'some', share: (1 - share) ** directions };
  if (kind === 'delay') return { sees: 'delay', ms: delayMs * directions };
  if (kind === 'rate') return { sees: 'delay', ms: rateMs * directions };
  return { sees: 'nothing' };
}
