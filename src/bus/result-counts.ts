import type { ResultCounts, ResultRecord } from './result-records.js';

/** Counts that grow; what a last record tells of all before it. */
export type GrowingCounts = { -readonly [K in keyof ResultCounts]: ResultCounts[K] };

/** Of no records. */
export function noCounts(): GrowingCounts {
  return { records: 0, intents: 0, ok: 0, fail: 0, info: 0, unknown: 0, receipts: 0, slips: 0, damaged: 0 };
}

/** Counts one more record, which is not the last. */
export function countRecord(counts: GrowingCounts, record: ResultRecord): void {
  counts.records++;
  if (record.k === 'intent') counts.intents++;
  else if (record.k === 'outcome') counts[record.result]++;
  else if (record.k === 'receipt') counts.receipts++;
  else if (record.k === 'slip') counts.slips++;
  else if (record.k === 'damaged') {
    const more = record.to - record.n;
    counts.records += more;
    counts.damaged += more + 1;
  }
}
