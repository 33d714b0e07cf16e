/** What a run has shown. */
export type RunVerdict = 'pass' | 'fail' | 'unknown';

/** The times that have a T0 of their own: members join groups, tests run without faults, and then with them. */
export type RunPhase = 'joining' | 'control' | 'main';

/** How long each step may take, milliseconds. */
export interface RunPatience {
  readonly gatherMs: number;
  readonly groupMs: number;
  readonly readyMs: number;
  readonly collectMs: number;
}

/** What the machine knows of a run: all of it follows from the events that were written down. */
export interface RunContext {
  readonly run: string;
  /** When it came to the state it is in, Unix milliseconds of the controller's clock. */
  readonly sinceMs: number;
  readonly patience: RunPatience;
  /** Whether anything is disturbed while members join groups. */
  readonly joining: boolean;
  /** Whether tests run without faults first. */
  readonly control: boolean;
  /** From T0 of each phase until its last send and its last heal, milliseconds. */
  readonly lastsMs: Readonly<Record<RunPhase, number>>;
  /** What others sent is waited for so long, milliseconds. */
  readonly settleMs: number;
  /** When each phase starts, by which its tests and faults are timed; chosen once, Unix milliseconds of the controller's clock. */
  readonly t0: Readonly<Partial<Record<RunPhase, number>>>;
  /** Somebody ends it before its time. */
  readonly aborted: { readonly by: string; readonly reason: string } | undefined;
  /** The step that did not come to its end. */
  readonly stuck: { readonly step: string; readonly message: string } | undefined;
  readonly verdict: RunVerdict | undefined;
}

/** What an actor of the machine starts with. */
export interface RunInput {
  readonly run: string;
  readonly atMs: number;
}

/** What may happen to a run. Each is written down before the machine is told; `atMs` is when. */
export type RunEvent = { readonly atMs: number } & (
  | /** The scenario can be run. */
  { readonly type: 'LOADED'; readonly patience: RunPatience }
  /** The scenario cannot be run. */
  | { readonly type: 'REFUSED'; readonly message: string }
  /** All nodes are there, and what will be done is settled. */
  | {
      readonly type: 'GATHERED';
      readonly control: boolean;
      /** `joining` is absent where nothing is disturbed while members join groups. */
      readonly lastsMs: Readonly<Record<'control' | 'main', number>> & {
        readonly joining?: number | undefined;
      };
      readonly settleMs: number;
    }
  /** All groups are made, and all members have joined. */
  | { readonly type: 'GROUPED' }
  /** Every member can read every other one. */
  | { readonly type: 'READY' }
  /** The tests and faults of a phase are timed by this. */
  | { readonly type: 'T0_CHOSEN'; readonly phase: RunPhase; readonly t0Ms: number }
  /** All faults of the time in which members join are healed. */
  | { readonly type: 'HEALED' }
  /** All tests and faults of the phase are armed. */
  | { readonly type: 'ARMED' }
  /** The time of the sends and of the faults of the phase is over. */
  | { readonly type: 'SENT' }
  /** What others sent has had its time to arrive. */
  | { readonly type: 'SETTLED' }
  /** All records of all nodes are there, or waiting for them is over. */
  | { readonly type: 'COLLECTED' }
  /** What it has shown. */
  | { readonly type: 'JUDGED'; readonly verdict: RunVerdict }
  /** Nothing of it goes on at any node that can be reached. */
  | { readonly type: 'QUIET' }
  /** Somebody ends it before its time. */
  | { readonly type: 'ABORTED'; readonly by: string; readonly reason: string }
  /** A step cannot come to its end. */
  | { readonly type: 'STUCK'; readonly step: string; readonly message: string }
);
