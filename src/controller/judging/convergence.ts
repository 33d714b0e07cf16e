import type { FaultsByNode } from './excuses.js';
import type { ActedFault } from './faults.js';
import type { Finding } from './finding.js';

/** How long it took after one heal. */
export interface Converged {
  /** Milliseconds until the last of what was owed had come. */
  readonly ms: number;
  /** Something never came. */
  readonly never: boolean;
  /** Of something nobody knows whether it came. */
  readonly unclear: boolean;
}

/**
 * How long after each heal all has come that was acknowledged before it, from or to the node that was healed. What another fault
 * at its sender or receiver held up beyond the heal is that one's to answer for.
 */
export class Convergence {
  readonly #faults: FaultsByNode;
  readonly #found = new Map<ActedFault, { ms: number; never: boolean; unclear: boolean }>();

  constructor(faults: FaultsByNode) {
    this.#faults = faults;
  }

  /** Takes in a message that its receiver is owed. */
  add(sender: string, receiver: string, finding: Finding): void {
    const [bySender, byReceiver] = [this.#faults.of(sender), this.#faults.of(receiver)];
    if (bySender.length + byReceiver.length === 0) return;
    if (finding.hasCome && Number.isNaN(finding.latency)) return;
    const cameAt = finding.hasCome ? finding.cameAt : Number.POSITIVE_INFINITY;
    const held = (fault: ActedFault): boolean => finding.ackAt < fault.toMs && fault.toMs < cameAt;
    for (const faults of [bySender, byReceiver]) {
      for (const fault of faults) {
        if (!held(fault)) continue;
        const isOther = (one: ActedFault): boolean =>
          one !== fault && one.toMs > fault.toMs && one.fromMs <= cameAt;
        if (!bySender.some(isOther) && !byReceiver.some(isOther)) this.#hold(fault, finding);
      }
    }
  }

  /** What was found for a fault; all had come at once where nothing was. */
  of(fault: ActedFault): Converged {
    return this.#found.get(fault) ?? { ms: 0, never: false, unclear: false };
  }

  #hold(fault: ActedFault, finding: Finding): void {
    const found = this.#found.get(fault) ?? { ms: 0, never: false, unclear: false };
    this.#found.set(fault, found);
    if (finding.hasCome) found.ms = Math.max(found.ms, finding.cameAt - fault.toMs);
    else if (finding.has('lost')) found.never = true;
    else found.unclear = true;
  }
}
