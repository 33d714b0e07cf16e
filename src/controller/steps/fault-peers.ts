import { isIP } from 'node:net';
import type { FaultPeer, FaultShape } from '../../fault-kinds.js';
import type { FaultShape as WireShape } from '../../gen/postern/v1/faults.js';
import type { PlannedShape } from '../plan/plan.js';

/** A node takes so many addresses of another. */
const mostAddresses = 16;

/** The addresses of nodes, as far as faults need them. */
export type Addresses = ReadonlyMap<string, readonly string[]>;

/** Where a node finds others: at those of their addresses that are not its own too. None: it cannot tell them apart. */
export function peersOf(node: string, others: readonly string[], addresses: Addresses): FaultPeer[] {
  const own = new Set(addresses.get(node));
  return others.map((other) => ({
    node: other,
    addresses: [...new Set(addresses.get(other))].filter((one) => !own.has(one)).slice(0, mostAddresses),
  }));
}

/** A planned shape as a node is told it. */
export function toldShape(shape: PlannedShape, node: string, addresses: Addresses): FaultShape {
  return { ...shape, from: peersOf(node, shape.from, addresses) };
}

/** Addresses that other machines can use, of those that a node has told. */
export function usable(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].filter((one) => isIP(one) !== 0 && !one.includes('%')).slice(0, 64);
}

/** The same as a message. */
export function wireShape({ from, ...shape }: FaultShape): WireShape {
  return { ...shape, from: from.map(({ node, addresses }) => ({ node, addresses: [...addresses] })) };
}
