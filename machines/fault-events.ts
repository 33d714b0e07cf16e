/**
 * What canaries have shown of a fault: it acted as planned, spared what it had to spare, and is gone; it did not; or nobody
 * can say.
 */
export type FaultOutcome = 'confirmed' | 'mismatch' | 'inconclusive';

/** What the machine knows of a fault. */
export interface FaultContext {
  readonly run: string;
  readonly fault: string;
  /** What it does; docs/faults.md names all. */
  readonly kind: string;
  /** How it acts, in words; empty: as its kind does by itself. */
  readonly shape: string;
  /** When it shall begin, Unix milliseconds of this machine's own clock. */
  readonly startAtMs: number;
  /** How long it shall last, milliseconds; 0: what is done at once is undone at once. */
  readonly forMs: number;
  /** By what it acts, once it does. */
  readonly by: string | undefined;
  readonly injectedAtMs: number | undefined;
  readonly healedAtMs: number | undefined;
  /** Somebody ended it while it was being injected. */
  readonly healAsked: boolean;
  /** Attempts to undo it that have failed. */
  readonly failures: number;
  /** Why it was refused, cannot be undone now, or ended otherwise than planned. */
  readonly why: { readonly code: string; readonly message: string } | undefined;
  /** What canaries have shown of it, once that is known. */
  readonly proof: { readonly outcome: FaultOutcome; readonly reason: string } | undefined;
}

/** What an actor of the machine starts with. */
export interface FaultInput {
  readonly run: string;
  readonly fault: string;
  readonly kind: string;
  readonly shape?: string;
  readonly startAtMs: number;
  readonly forMs: number;
}

/** What may happen to a fault. Times are Unix milliseconds of this machine's own clock. */
export type FaultEvent =
  /** It is safe on disk and will come at its time. */
  | { type: 'ARMED'; atMs: number }
  /** Its time has come, and it is about to be injected. */
  | { type: 'BEGUN'; atMs: number }
  /** It cannot be done here. */
  | { type: 'REFUSED'; code: string; message: string }
  /** It acts. */
  | { type: 'INJECTED'; by: string; atMs: number }
  /** Somebody wants it to end now, or never to begin. */
  | { type: 'HEAL_ASKED' }
  /** An agent has taken the fault up again after a restart. */
  | { type: 'BOOTED' }
  /** It acts no more. A `code` tells that something was not as planned. */
  | { type: 'HEALED'; atMs: number; code?: string; message?: string }
  /** It could not be undone. */
  | { type: 'HEAL_FAILED'; code: string; message: string }
  /** Canaries have seen all that they could of the ways as they are without it. */
  | { type: 'SOUNDED' }
  /** Canaries have looked again after it was undone, and what they have seen was weighed. */
  | { type: 'PROVEN'; outcome: FaultOutcome; reason: string };
