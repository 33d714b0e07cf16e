/** Whether something was there when it was last looked at. */
export type Presence = 'unseen' | 'up' | 'down';

/** What became of a message that was sent: `info` is an attempt of which nobody can say whether it worked. */
export type SendResult = 'ok' | 'fail' | 'info' | 'unknown';

/** What the machine knows of a test: all of it follows from the records of its journal. */
export interface TestContext {
  readonly run: string;
  readonly test: string;
  /** How long the last receipts are waited for after the last send, milliseconds. */
  readonly settleMs: number;
  /** The longest that sending may go on, milliseconds. */
  readonly sendMs: number;
  /** When sending begins, Unix milliseconds of this machine's own clock. */
  readonly startAtMs: number | undefined;
  /** When the last send was over. */
  readonly sendsEndedAtMs: number | undefined;
  /** Number of the highest message that was ever meant to be sent; 0: none. No lower one is sent after it. */
  readonly lastSeq: number;
  /** Messages that were meant to be sent and whose outcome is not known yet. */
  readonly open: number;
  /** Outcomes by kind. */
  readonly results: Readonly<Record<SendResult, number>>;
  readonly received: number;
  /** Sends that came late or never. */
  readonly slips: number;
  /** Times that an agent took the test up again. */
  readonly boots: number;
  readonly hub: Presence;
  readonly daemon: Presence;
  /** Who ended the test before its time, and why. */
  readonly stop: { readonly by: string; readonly reason: string } | undefined;
  /** Why the test has failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** What an actor of the machine starts with: what the first record of the journal says. */
export interface TestInput {
  readonly run: string;
  readonly test: string;
  readonly settleMs: number;
  readonly sendMs: number;
}

/** What may happen to a test. Each event is a record of the journal. */
export type TestEvent =
  /** It is known when to start. */
  | { type: 'ARMED'; startAtMs: number }
  /** Sending has begun. */
  | { type: 'STARTED' }
  /** A message is about to be sent. */
  | { type: 'INTENDED'; seq: number }
  /** What became of it. */
  | { type: 'SETTLED'; result: SendResult }
  /** A message has come from the daemon that had not come before. */
  | { type: 'RECEIVED' }
  /** A send came late or never. */
  | { type: 'SLIPPED' }
  /** The link to the hub came or went. */
  | { type: 'HUB_CHANGED'; up: boolean }
  /** The daemon came or went. */
  | { type: 'DAEMON_CHANGED'; up: boolean }
  /** An agent has taken the test up again after a restart. */
  | { type: 'BOOTED' }
  /** Nothing more will be sent. */
  | { type: 'SENDS_ENDED'; atMs: number }
  /** Somebody ends the test before its time. */
  | { type: 'STOP_ASKED'; by: string; reason: string; atMs: number; settleMs?: number | undefined }
  /** Everything is recorded. */
  | { type: 'FINISHED' }
  /** It cannot go on. */
  | { type: 'FAILED'; code: string; message: string };
