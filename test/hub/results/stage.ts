import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Bus } from '../../../src/bus/bus.js';
import { readResults, type StoredResult } from '../../../src/bus/read-results.js';
import type { ResultAnswer, ResultBatch } from '../../../src/bus/result-messages.js';
import { subjects } from '../../../src/bus/subjects.js';

/** A batch of notes with the numbers `after + 1` to `last`. */
export function batchOf(after: number, last: number, changes: Partial<ResultBatch> = {}): ResultBatch {
  const records = Array.from({ length: last - after }, (_, index) => ({
    n: after + 1 + index,
    at: 1,
    k: 'note',
    topic: 'count',
    data: {},
  }));
  const text = records.length === 0 ? '' : JSON.stringify(records.at(-1));
  const crc = text === '' ? 0 : crc32(text);
  return { v: 1, run: 'r1', test: 't1', journal: 'j1', after, last, crc, records, ...changes };
}

/** Hands a batch over as an agent does. */
export function handOver(
  agent: Bus,
  node: string,
  key: string,
  batch: ResultBatch,
  timeoutMs = 10_000,
): Promise<ResultAnswer> {
  return agent.request(subjects.resultBatch, { node, key }, batch, { timeoutMs });
}

/** All that is stored of a run. */
export async function stored(bus: Bus, run: string): Promise<StoredResult[]> {
  const found: StoredResult[] = [];
  for await (const one of readResults(bus, run)) found.push(one);
  return found;
}

/** Checks that the records of each journal are numbered from 1 without gap or double; gives how many there are of all. */
export async function checkNumbers(bus: Bus, run: string): Promise<number> {
  const next = new Map<string, number>();
  let count = 0;
  for await (const { node, journal, record } of readResults(bus, run)) {
    const key = `${node}/${journal}`;
    assert.equal(record.n, next.get(key) ?? 1, `of ${key}`);
    next.set(key, record.n + 1);
    count++;
  }
  return count;
}
