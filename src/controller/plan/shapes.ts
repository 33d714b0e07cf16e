import { createHash } from 'node:crypto';
import { type FaultKind, factsOfKinds } from '../../fault-kinds.js';
import type { FaultWish } from '../scenario/scenario.js';
import { type PlannedShape, plainPlanned } from './plan.js';

/** How a fault of a kind acts that somebody wished for, without its seed; what other kinds have is left out. */
export function shapeOf(
  kind: FaultKind,
  { scope, direction, way, amounts }: Omit<FaultWish, 'from'>,
  from: readonly string[],
): PlannedShape {
  const plain = plainPlanned(kind);
  const { needs, takes, network } = factsOfKinds[kind];
  const own = [...needs, ...takes].flatMap((amount) => {
    const given = amounts[amount];
    return given === undefined ? [] : [[amount, given] as const];
  });
  const sized = { ...plain, ...Object.fromEntries(own) };
  if (!network) return sized;
  return {
    ...sized,
    scope: scope ?? plain.scope,
    direction: direction ?? plain.direction,
    way: way ?? plain.way,
    from: from.toSorted(),
  };
}

/** What the chance of one fault is drawn from: other faults change nothing in it. */
export function seedOf(seed: string, node: string, fault: string): string {
  return createHash('sha256')
    .update(JSON.stringify([seed, node, fault]))
    .digest('hex')
    .slice(0, 32);
}
