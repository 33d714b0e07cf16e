import type { FaultKind } from './plan.js';

/** Why something cannot be done here. */
export interface Refusal {
  /** `UNSUPPORTED`, `DAEMON_NOT_FOUND`, `DAEMON_NOT_OURS`. */
  readonly code: string;
  readonly message: string;
}

/** By what a kind of fault would be done now, or why it cannot be. */
export type Ability = { readonly by: string } | Refusal;

/** The end of a fault. */
export interface Healed {
  /** When it acted no more, Unix milliseconds. */
  readonly atMs: number;
  /** What was not as planned. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** A fault that acts. */
export interface Injection {
  /** `nft`, `userspace`, `signal`. */
  readonly by: string;
  /** When it began to act, Unix milliseconds. */
  readonly atMs: number;
  /** Undoes it. Rejects where that did not work; then it may be called again. */
  heal(): Promise<Healed>;
  /** Packets dropped so far, where they are counted. */
  dropped?(): Promise<number>;
}

/** What is asked for. */
export interface Asked {
  readonly kind: FaultKind;
  /** The fault's own name among all of this agent's. */
  readonly name: string;
  /** When it shall be undone at the latest, Unix milliseconds. */
  readonly endsAtMs: number;
}

/** Does faults of some kinds. */
export interface Injector {
  /** Looks whether and how it could be done now. */
  ability(kind: FaultKind): Promise<Ability>;
  /** Makes ready for one that comes soon; gives what says that it is over, or will not come. Never rejects. */
  prepare(kind: FaultKind): Promise<() => void>;
  /** Does it. Rejects with `PosternError` where it cannot be done; then nothing of it is left. */
  inject(asked: Asked): Promise<Injection>;
}
