import type { ActedFault } from './faults.js';

/** The faults of each node, in the order in which they came. */
export class FaultsByNode {
  readonly #byNode = new Map<string, ActedFault[]>();

  constructor(faults: readonly ActedFault[]) {
    for (const fault of [...faults].sort((one, other) => one.fromMs - other.fromMs)) {
      if (fault.fromMs === Number.POSITIVE_INFINITY) continue;
      const own = this.#byNode.get(fault.planned.node);
      if (own === undefined) this.#byNode.set(fault.planned.node, [fault]);
      else own.push(fault);
    }
  }

  of(node: string): readonly ActedFault[] {
    return this.#byNode.get(node) ?? none;
  }

  /** Whether a fault was on at the node then. */
  isDisturbed(node: string, atMs: number): boolean {
    return this.of(node).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  }

  /**
   * From when on a message had to come: when it was acknowledged, or when the last fault ended that hit its sender or its
   * receiver while it was on its way.
   */
  dueFrom(sender: string, receiver: string, ackAt: number, cameAt: number): number {
    return Math.max(lastEnd(this.of(sender), ackAt, cameAt), lastEnd(this.of(receiver), ackAt, cameAt));
  }
}

const none: readonly ActedFault[] = [];

function lastEnd(faults: readonly ActedFault[], ackAt: number, cameAt: number): number {
  let from = ackAt;
  for (const { fromMs, toMs } of faults) {
    if (fromMs > cameAt) break;
    if (toMs > from) from = toMs;
  }
  return from;
}
