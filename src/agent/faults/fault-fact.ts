import type { Proof } from './proof/judging.js';

/** A fact that whoever judges a run must know of. */
export interface FaultFact {
  readonly phase: 'injected' | 'healed' | 'refused' | 'missed' | 'proven';
  /** When, Unix milliseconds of this machine's clock. */
  readonly atMs: number;
  /** By what it acts or acted; empty: it never did. */
  readonly by: string;
  /** Why it is not as planned. */
  readonly why: { readonly code: string; readonly message: string } | undefined;
  /** What canaries have shown of it; of `proven` alone. */
  readonly proof?: Proof;
}
