import type { Transition } from '../../bus/messages.js';
import type { Logger } from '../../log.js';
import type { FaultFact } from './fault-fact.js';
import type { FaultPage } from './fault-page.js';
import type { Healed, Injection, Proving } from './injection.js';
import type { FaultPlan } from './plan.js';

/** What a fault needs of its surroundings. */
export interface FaultSurroundings {
  readonly node: string;
  /** Makes ready for it; gives what says that it is over. Never rejects. */
  prepare(plan: FaultPlan): Promise<() => void>;
  /** Makes it act. Rejects where it cannot. */
  inject(plan: FaultPlan, endsAtMs: number): Promise<Injection>;
  /** The ways that prove it. Never rejects. */
  proving(plan: FaultPlan): Promise<Proving>;
  /** Names of other faults that acted here since then, Unix milliseconds. */
  meanwhile(plan: FaultPlan, sinceMs: number): readonly string[];
  /** Undoes what an earlier agent has done, where that is still there. */
  undoLeft(plan: FaultPlan): Promise<Healed>;
  /** Makes its page safe on disk. */
  save(page: FaultPage): Promise<void>;
  /** Records a fact, in the journals of the run's tests. Never rejects. */
  note(plan: FaultPlan, fact: FaultFact): Promise<void>;
  readonly publish: (transition: Transition) => void;
  readonly log: Logger;
}
