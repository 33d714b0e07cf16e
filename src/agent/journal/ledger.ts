import { createHash } from 'node:crypto';
import type { TestEvent } from '../../../machines/test.js';
import { countRecord, noCounts } from '../../bus/result-counts.js';
import type { ResultCounts, ResultRecord } from '../../bus/result-records.js';
import type { Received } from './received.js';

/** Counts the records of a journal and sums them up, in their order. */
export class Ledger {
  readonly #hash = createHash('sha256');
  readonly #counts = noCounts();

  add(record: ResultRecord, text: string): void {
    this.#hash.update(text).update('\n');
    countRecord(this.#counts, record);
  }

  /** What a last record says of all before it. */
  sum(): { counts: ResultCounts; hash: string } {
    return { counts: { ...this.#counts }, hash: this.#hash.copy().digest('hex') };
  }
}

/** The event that a record is to the machine of its test, which has `received` so much; undefined: none. */
export function eventOf(record: ResultRecord, received: Received): TestEvent | undefined {
  const isNew = received.take(record);
  switch (record.k) {
    case 'armed':
      return { type: 'ARMED', startAtMs: record.startAt };
    case 'started':
      return { type: 'STARTED' };
    case 'intent':
      return { type: 'INTENDED', seq: record.seq };
    case 'outcome':
      return { type: 'SETTLED', result: record.result };
    case 'receipt':
      return isNew ? { type: 'RECEIVED' } : undefined;
    case 'slip':
      return { type: 'SLIPPED' };
    case 'hub':
      return { type: 'HUB_CHANGED', up: record.up };
    case 'daemon':
      return { type: 'DAEMON_CHANGED', up: record.up };
    case 'boot':
      return { type: 'BOOTED' };
    case 'ended':
      return { type: 'SENDS_ENDED', atMs: record.at };
    case 'stopping':
      return {
        type: 'STOP_ASKED',
        by: record.by,
        reason: record.reason,
        atMs: record.at,
        settleMs: record.settleMs,
      };
    case 'finished':
      return { type: 'FINISHED' };
    case 'failed':
      return { type: 'FAILED', code: record.code, message: record.message };
    default:
      return undefined;
  }
}

/** Whose doing a record is, as `machine/id`, where that is an actor of the same agent, in the run of it that `boot` names. */
export function neighbourOf(
  { k }: Pick<ResultRecord, 'k'>,
  node: string,
  boot: string | undefined,
): string | undefined {
  if (boot === undefined || (k !== 'hub' && k !== 'daemon')) return undefined;
  return `${k === 'hub' ? 'link' : 'daemon'}/${node}.${boot}`;
}
