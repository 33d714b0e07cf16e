/** How often lots are drawn, and by what. */
export interface ReliabilitySetting {
  /** Milliseconds from one draw to the next, and the length of an outage. */
  readonly timeoutMs: number;
  /** One of so many draws is an outage. */
  readonly odds: number;
  /** The seed that the draws follow from; fields of that name are taken for secrets where machines are shown. */
  readonly lotsOf: string;
}

/** What the machine knows of the outages of a node. */
export interface ReliabilityContext extends ReliabilitySetting {
  /** Draws of this setting so far. */
  readonly drawn: number;
  /** So many of them were outages. */
  readonly hits: number;
  /** When the next draw is, Unix milliseconds of this machine's own clock. */
  readonly dueMs: number;
  /** By what the present or last outage was done; empty: there was none of this setting. */
  readonly by: string;
  /** What was not as wanted with the last draw or outage. */
  readonly why: { readonly code: string; readonly message: string } | undefined;
}

/** What may happen to it. Times are Unix milliseconds of this machine's own clock. */
export type ReliabilityEvent =
  /** Somebody set it, or an agent has taken it up after a restart, with draws that were made already. */
  | ({ type: 'SET'; drawn: number; hits: number; dueMs: number } & ReliabilitySetting)
  /** Never again. */
  | { type: 'SWITCHED_OFF' }
  /** A lot was drawn and is safe on disk. */
  | { type: 'DRAWN'; number: number; hit: boolean; atMs: number }
  /** None was drawn: it would not be known after a restart. */
  | { type: 'DRAW_FAILED'; code: string; message: string; atMs: number }
  /** The outage acts, by this. */
  | { type: 'OUTAGE_BEGUN'; by: string }
  /** The network cannot be cut here. */
  | { type: 'OUTAGE_REFUSED'; code: string; message: string }
  /** The agent stops. */
  | { type: 'STOP' };
