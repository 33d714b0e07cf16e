import { factsOfKinds } from '../../fault-kinds.js';
import type { OtherFault } from '../../gen/postern/v1/faults.js';
import { phaseOfFault } from '../plan/fault-times.js';
import type { PlannedFault } from '../plan/plan.js';
import { type Addresses, peersOf } from './fault-peers.js';

/** A fault is looked at from some seconds before it comes until some after it was undone, milliseconds. */
const lookedAtMs = 20_000;
/** A node is told of so many others of each of its faults. */
const mostTold = 200;
/** And of so many addresses of theirs in all. */
const mostAddresses = 400;
/** Of so many that are near in time it is looked whether they are meant: there can be very many. */
const mostLooked = 2_000;

type Known = Pick<PlannedFault, 'kind' | 'shape'>;

/** The nodes whose faults may be felt on ways to other nodes. */
export function nodesBetween(faults: readonly (Known & Pick<PlannedFault, 'node'>)[]): Set<string> {
  const between = faults.filter(isBetweenNodes);
  // Only where connections are reset an ended daemon could be taken for it.
  const ending = between.some(({ kind }) => kind === 'reset') ? faults.filter(isEnding) : [];
  return new Set([...between, ...ending].map(({ node }) => node));
}

/** Whether a fault may disturb, or be proven by, ways between its machine and those of other nodes. */
function isBetweenNodes({ kind, shape }: Known): boolean {
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
    let left = mostAddresses;
    for (const other of this.#near(fromMs, toMs)) {
      if (!touches(other, fault)) continue;
      const [peer] = peersOf(fault.node, [other.node], this.#addresses);
      if (peer === undefined || peer.addresses.length === 0) continue;
      const { node, fault: name, forMs } = other;
      const addresses = peer.addresses.slice(0, left);
      met.push({ node, fault: name, addresses, atMs: t0Ms + other.atMs, forMs });
      left -= addresses.length;
      if (left === 0 || met.length === mostTold) break;
    }
    return met;
  }

  /** Those that act at any time between two, as far as they are looked at. */
  *#near(fromMs: number, toMs: number): Generator<PlannedFault> {
    let looked = 0;
    for (let at = lowest(this.#byTime, fromMs - this.#longestMs); looked < mostLooked; at += 1) {
      const other = this.#byTime[at];
      if (other === undefined || other.atMs >= toMs) return;
      if (other.atMs + other.forMs < fromMs) continue;
      looked += 1;
      yield other;
    }
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
