import { z } from 'zod';

/** One subject token that we made ourselves: ids of runs, tests, journals. */
export const resultToken = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64');
const text = (longest: number) => z.string().max(longest);
const count = z.number().int().nonnegative();
/** Unix milliseconds of the agent's own clock; parts of a millisecond may be told. */
const ms = z.number().min(-8.64e15).max(8.64e15);
/** SHA-256 in hexadecimal digits. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What every record has. */
const common = {
  /** Its number among the records of the journal, counted from 1 without a gap. */
  n: z.number().int().positive(),
  /** When it was written. */
  at: ms,
};

/** Outcomes of sends: `info` is an attempt of which nobody can say whether it worked; `unknown` one that a restart cut off. */
export const sendResults = ['ok', 'fail', 'info', 'unknown'] as const;

/** Where a receipt comes from: as it happened, from the past of the group, or from the last reading of all at the end. */
export const receiptModes = ['live', 'replay', 'final'] as const;

const counts = z.object({
  /** Records before this one. */
  records: count,
  intents: count,
  ok: count,
  fail: count,
  info: count,
  unknown: count,
  receipts: count,
  slips: count,
  /** Records that were damaged on disk. */
  damaged: count,
});
export type ResultCounts = z.infer<typeof counts>;

/** One record of a test's journal, as it stands on the agent's disk and in the stream of results. */
export const resultRecord = z.discriminatedUnion('k', [
  /** The first record: what the test is. */
  z.object({
    ...common,
    k: z.literal('created'),
    v: z.literal(1),
    run: resultToken,
    test: resultToken,
    node: text(64),
    /** Made with the journal; another journal for the same test is another try. */
    journal: resultToken,
    /** How long the last receipts are waited for, and how long sending may go on, milliseconds. */
    settleMs: count,
    sendMs: count,
    /** The workload, as the controller gave it. */
    spec: z.record(z.string(), z.unknown()),
  }),
  /** It is known when to start. Controller's time = own time + offset, give or take the error. */
  z.object({ ...common, k: z.literal('armed'), t0: ms, startAt: ms, offset: z.number(), error: z.number() }),
  z.object({ ...common, k: z.literal('started') }),
  /** A message is about to be sent: `due` is when the schedule wants it. */
  z.object({
    ...common,
    k: z.literal('intent'),
    seq: z.number().int().positive(),
    due: ms,
    size: count,
    hash: sha256,
  }),
  /** What became of it: the daemon's id of the message, and when it was given (a `fail` without: it never was) and answered. */
  z.object({
    ...common,
    k: z.literal('outcome'),
    seq: z.number().int().positive(),
    result: z.enum(sendResults),
    id: text(256).optional(),
    sentAt: ms.optional(),
    ackAt: ms.optional(),
    /** Why not. */
    code: text(64).optional(),
    message: text(512).optional(),
  }),
  /** A message came from the daemon. Without `from` and `seq` it was none of a test, or nobody could read it. */
  z.object({
    ...common,
    k: z.literal('receipt'),
    /** The daemon's id of the event. */
    id: text(256),
    how: z.enum(receiptModes),
    /** Counts the subscriptions to the daemon: what comes twice within one was doubled, else it was replayed. */
    sub: count,
    test: text(64).optional(),
    from: text(64).optional(),
    seq: count.optional(),
    /** Of the payload as it came. */
    hash: sha256.optional(),
    size: count.optional(),
  }),
  /** What comes from this sender can be read here from now on. */
  z.object({ ...common, k: z.literal('ready'), from: text(64) }),
  /** The last reading of all messages has ended. */
  z.object({ ...common, k: z.literal('final'), sub: count, complete: z.boolean(), messages: count }),
  /** A send came late, or never (`sent` false). */
  z.object({
    ...common,
    k: z.literal('slip'),
    seq: z.number().int().positive(),
    due: ms,
    late: z.number(),
    sent: z.boolean(),
  }),
  /** The link to the hub came or went: between, nobody could look on. */
  z.object({ ...common, k: z.literal('hub'), up: z.boolean(), reason: text(256).optional() }),
  /** The daemon came or went. */
  z.object({ ...common, k: z.literal('daemon'), up: z.boolean(), reason: text(256).optional() }),
  /** The clock was measured again. */
  z.object({ ...common, k: z.literal('clock'), offset: z.number(), error: z.number() }),
  /** An agent took the test up again; `cut` bytes at the end were never wholly written. */
  z.object({
    ...common,
    k: z.literal('boot'),
    boot: z.number().int().positive(),
    version: text(64),
    cut: count,
  }),
  /** Anything else worth keeping. */
  z.object({ ...common, k: z.literal('note'), topic: text(64), data: z.record(z.string(), z.unknown()) }),
  /** Nothing more will be sent. */
  z.object({ ...common, k: z.literal('ended') }),
  /** Somebody ends the test before its time. */
  z.object({
    ...common,
    k: z.literal('stopping'),
    by: text(256),
    reason: text(512),
    /** The last receipts are waited for no longer than this, milliseconds. */
    settleMs: count.optional(),
  }),
  /** The last record: SHA-256 over the text of all before, each with a line feed behind it. */
  z.object({ ...common, k: z.literal('finished'), counts, hash: sha256 }),
  /** The last record of a test that could not go on; so many records were lost with it. */
  z.object({
    ...common,
    k: z.literal('failed'),
    code: text(64),
    message: text(512),
    lost: count,
    counts,
    hash: sha256,
  }),
  /** Stands for records that cannot be read on the agent's disk any more: `n` to `to`. */
  z.object({ ...common, k: z.literal('damaged'), to: z.number().int().positive() }),
]);
export type ResultRecord = z.infer<typeof resultRecord>;
export type RecordKind = ResultRecord['k'];
/** A record of one kind. */
export type RecordOf<K extends RecordKind> = Extract<ResultRecord, { k: K }>;

/** The kinds behind which no other record comes. */
export function isLast(record: ResultRecord): boolean {
  return record.k === 'finished' || record.k === 'failed';
}

/** The number of the last record that `record` stands for. */
export function lastNumber(record: ResultRecord): number {
  return record.k === 'damaged' ? record.to : record.n;
}
