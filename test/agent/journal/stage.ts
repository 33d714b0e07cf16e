import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchingClock } from '../../../src/actors/clock.js';
import type { Journal, NewTest } from '../../../src/agent/journal/journal.js';
import { JournalShelf, type ShelfOptions } from '../../../src/agent/journal/shelf.js';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { createLogger } from '../../../src/log.js';

/** SHA-256 of nothing in particular. */
export const someHash = 'a'.repeat(64);

/** A test that sends whatever it is told to. */
export function someTest(changes: Partial<NewTest> = {}): NewTest {
  return {
    run: 'r1',
    test: 't1',
    node: 'n1',
    settleMs: 60_000,
    sendMs: 600_000,
    spec: { type: 'text' },
    ...changes,
  };
}

/** A directory of its own, removed when `use` is over. */
export async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-journal-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The journals in a directory. */
export function openShelf(directory: string, options: Partial<ShelfOptions> = {}): Promise<JournalShelf> {
  return JournalShelf.open({
    ...{ directory, version: 'test', log: createLogger('silent') },
    // a test that fails shall not wait for the times of a journal that it has not closed
    clock: watchingClock,
    ...options,
  });
}

/** Where the files of the journal of `someTest` lie. */
export function filesOf(directory: string): string {
  return join(directory, 'runs/r1/t1');
}

/** A new journal of a test that runs. */
export async function running(shelf: JournalShelf, changes: Partial<NewTest> = {}): Promise<Journal> {
  const journal = await shelf.create(someTest(changes));
  const now = Date.now();
  await journal.arm({ t0: now, startAt: now + 3_600_000, offset: 0, error: 1 });
  await journal.begin();
  return journal;
}

/** Records messages `from` to `to`, many at once: their intents and, unless that is left open, their outcomes. */
export async function send(journal: Journal, from: number, to: number, open = false): Promise<void> {
  for (let first = from; first <= to; first += 500) {
    const seqs = Array.from({ length: Math.min(500, to - first + 1) }, (_, index) => first + index);
    await Promise.all(seqs.map((seq) => journal.intend({ seq, due: 1, size: 3, hash: someHash })));
    if (open) continue;
    for (const seq of seqs) await journal.tell({ k: 'outcome', seq, result: 'ok', id: `id-${seq}` });
  }
}

/** The records that are safe now. */
export async function recordsOf(journal: Journal): Promise<ResultRecord[]> {
  const records: ResultRecord[] = [];
  for await (const record of journal.records()) records.push(record);
  return records;
}
