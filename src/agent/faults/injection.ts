import type { FaultKind, FaultShape } from '../../fault-kinds.js';

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
  /** `nft`, `tbf`, `netem`, `ip`, `relay`, `userspace`, `signal`, `faketime`. */
  readonly by: string;
  /** When it began to act, Unix milliseconds. */
  readonly atMs: number;
  /** Undoes it. Rejects where that did not work; then it may be called again. */
  heal(): Promise<Healed>;
  /** Packets dropped so far, where they are counted. */
  dropped?(): Promise<number>;
}

/** What a fault does. */
export interface Act {
  readonly kind: FaultKind;
  readonly shape: FaultShape;
  /** Faults of other nodes that may be felt on ways that are looked at. */
  readonly neighbours?: readonly Neighbour[];
}

/** A fault of another node. Times are Unix milliseconds of this machine's clock. */
export interface Neighbour {
  /** For people, such as `partition-1-south of south`. */
  readonly name: string;
  /** Where that node is found. */
  readonly addresses: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a canary saw of its way. */
export interface Sight {
  /** What was sent came through. */
  readonly through: boolean;
  /** How long that took, milliseconds. */
  readonly ms: number;
  /** What was found beside that, in few words: a state, a process id. */
  readonly found?: string;
}

/** What canaries on affected ways see while a fault acts as planned, compared with before and after. */
export type Expectation =
  /** Nothing comes through. */
  | { readonly sees: 'nothing' }
  /** Looks take at least so much longer, milliseconds. Looks that come late by more than a second do not come through. */
  | { readonly sees: 'delay'; readonly ms: number }
  /** Looks come through with this probability. */
  | { readonly sees: 'some'; readonly share: number }
  /** What is found is another thing than before, and stays so (`once`) or is again as before afterwards (`while`). */
  | { readonly sees: 'change'; readonly lasts: 'once' | 'while' }
  /**
   * Counters of what does the fault have grown: its `found` is a number, and where there is none yet it counts as 0. `zero`: what
   * it says where they have not, as only what others send is counted: nobody has felt the fault, whatever other ways show,
   * or nothing. Default: it did not act.
   */
  | { readonly sees: 'growth'; readonly zero?: 'unfelt' | 'nothing' };

/** A way that is looked at to prove a fault. */
export interface Canary {
  /** The fault acts on it, or must spare it: then it comes through all along. */
  readonly path: 'affected' | 'spared';
  /** For people, such as `tcp 192.0.2.7:4101`. */
  readonly name: string;
  /** What is seen here while the fault acts, where that is not the same on all affected ways. */
  readonly expects?: Expectation;
  /** Faults of other nodes that act on it too. */
  readonly alsoBy?: readonly Neighbour[];
  /** Looks once, for a second at most, and not beyond the signal. Never rejects. */
  look(signal: AbortSignal): Promise<Sight>;
}

/** How a fault is proven: one affected way that shows it is enough where others show nothing that speaks against it. */
export interface Proving {
  /** Of more than 16 the first ones are looked at. */
  readonly canaries: readonly Canary[];
  readonly expects: Expectation;
  /** How long it may take after the heal until all is as before, milliseconds; default 5,000. */
  readonly settleMs?: number;
}

/** What is asked for. */
export interface Asked extends Act {
  /** The fault's own name among all of this agent's. */
  readonly name: string;
  /** When it shall be undone at the latest, Unix milliseconds. */
  readonly endsAtMs: number;
}

/** Does faults of some kinds. */
export interface Injector {
  /** Looks whether and how it could be done now. */
  ability(act: Act): Promise<Ability>;
  /** Makes ready for one that comes soon; gives what says that it is over, or will not come. Never rejects. */
  prepare(act: Act): Promise<() => void>;
  /**
   * The ways that prove it, as they are before it acts. `name`: as in `Asked`. Never rejects; without canaries nobody can say
   * whether it acted.
   */
  proving(act: Act, name: string): Promise<Proving>;
  /** Does it. Rejects with `PosternError` where it cannot be done; then nothing of it is left. */
  inject(asked: Asked): Promise<Injection>;
  /** Forgets what was found out about this machine: it may have changed. */
  lookAnew?(): void;
}
