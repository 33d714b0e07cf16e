import { factsOfKinds } from '../../fault-kinds.js';
import type { OtherFault } from '../../gen/postern/v1/faults.js';
import { phaseOfFault } from '../plan/fault-times.js';
import type { PlannedFault } from '../plan/plan.js';
import { type Addresses, peersOf } from './fault-peers.js';

/** A fault is looked at from some seconds before it comes until some after it was undone, milliseconds. */
const lookedAtMs = 20_000;
/** A node is told of so many others of each of its faults. */
const mostTold = 200;
/** Of so many that are near in time it is looked whether they are meant: there can be very many. */
const mostLooked = 2_000;

type Known = Pick<PlannedFault, 'kind' | 'shape'>;

/** Whether a fault may disturb, or be proven by, ways between its machine and those of other nodes. */
export function isBetweenNodes({ kind, shape }: Known): boolean {
  // Relays disturb what daemons send through them, and nothing else.
  return factsOfKinds[kind].network && shape.scope !== 'hub' && shape.way !== 'userspace';
}

/** The faults of a plan that act on ways between nodes, for who asks which of them a fault of another node meets there. */
export class FaultsBetween {
  readonly #byTime: readonly PlannedFault[];
  readonly #longestMs: number;
  readonly #addresses: Addresses;

  constructor(faults: readonly PlannedFault[], addresses: Addresses) {
    this.#byTime = faults
      .filter((fault) => isBetweenNodes(fault) || isEnding(fault))
      .toSorted((one, other) => one.atMs - other.atMs);
    this.#longestMs = this.#byTime.reduce((most, { forMs }) => Math.max(most, forMs), 0);
    this.#addresses = addresses;
  }

  /** Those of other nodes at the far ends of the ways by which a fault is proven. `t0Ms`: T0 of their phase, Unix milliseconds. */
  meeting(fault: PlannedFault, t0Ms: number): OtherFault[] {
    if (!isBetweenNodes(fault)) return [];
    const [fromMs, toMs] = [fault.atMs - lookedAtMs, fault.atMs + fault.forMs + lookedAtMs];
    const met: OtherFault[] = [];
    for (const other of this.#near(fromMs - this.#longestMs, toMs)) {
      if (other.atMs + other.forMs < fromMs || !touches(other, fault)) continue;
      const [peer] = peersOf(fault.node, [other.node], this.#addresses);
      if (peer === undefined || peer.addresses.length === 0) continue;
      const { node, fault: name, forMs } = other;
      met.push({ node, fault: name, addresses: [...peer.addresses], atMs: t0Ms + other.atMs, forMs });
      if (met.length === mostTold) break;
    }
    return met;
  }

  #near(fromMs: number, toMs: number): readonly PlannedFault[] {
    const near = this.#byTime.slice(lowest(this.#byTime, fromMs), lowest(this.#byTime, toMs));
    return near.slice(0, mostLooked);
  }
}

/** Who is killed refuses connections, as where they are reset. */
function isEnding({ kind }: Known): boolean {
  return kind === 'kill' || kind === 'restart';
}

function touches(other: PlannedFault, fault: PlannedFault): boolean {
  if (other.node === fault.node || phaseOfFault(other) !== phaseOfFault(fault)) return false;
  if (isEnding(other)) return fault.kind === 'reset';
  const { from } = other.shape;
  return from.length === 0 || from.includes(fault.node);
}

/** How many come before a time. */
function lowest(byTime: readonly PlannedFault[], atMs: number): number {
  let [low, high] = [0, byTime.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((byTime[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
