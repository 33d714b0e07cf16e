import { z } from 'zod';
import { resultToken } from './result-records.js';

/** One batch holds at most this many records. */
export const mostBatchRecords = 4096;
/** One record takes at most this many bytes as text. */
export const largestRecordBytes = 32 * 1024;
/** The records of one batch take at most this many bytes as text; small enough for every server and every page of kept messages. */
export const largestBatchBytes = 64 * 1024;

const count = z.number().int().nonnegative();
/** CRC-32 (ISO 3309) of the text of a record. */
const crc = z.number().int().min(0).max(0xffff_ffff);
/** Records as the agent wrote them, see docs/journal.md. */
const records = z.array(z.record(z.string(), z.unknown())).max(mostBatchRecords);

/** An agent hands over the next records of a journal; without records it asks how far the stream is. */
export const resultBatch = z.object({
  v: z.literal(1),
  run: resultToken,
  test: resultToken,
  journal: resultToken,
  /** Number of the last record that is known to be in the stream; 0: none. */
  after: count,
  /** Number of the last record of this batch, and its check sum. */
  last: count,
  crc,
  records,
});
export type ResultBatch = z.infer<typeof resultBatch>;

/** What a hub answers to it. */
export const resultAnswer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** Number and check sum of the last record of this journal in the stream; 0: there is none. */
    last: count,
    crc,
    /** The run is closed: the journal is not needed any more. */
    closed: z.boolean(),
  }),
  z.object({
    ok: z.literal(false),
    /** `retry`: later; `full`: the stream has no room; `refused`: these records do not fit, now or later. */
    code: z.enum(['retry', 'full', 'refused']),
    message: z.string().max(512),
  }),
]);
export type ResultAnswer = z.infer<typeof resultAnswer>;

/** Some records of one journal, as the stream keeps them. Each message goes on where the one before it ended. */
export const results = z.object({
  v: z.literal(1),
  test: resultToken,
  /** Number of the last record of the message before; 0: this is the first. */
  after: count,
  last: count,
  crc,
  records,
});
export type Results = z.infer<typeof results>;

/** A run is closed: its journals are not needed any more. */
export const resultsClosed = z.object({ v: z.literal(1), atMs: count, by: z.string().max(256) });
export type ResultsClosed = z.infer<typeof resultsClosed>;
