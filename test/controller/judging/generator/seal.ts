import { createHash } from 'node:crypto';
import type { StoredResult } from '../../../../src/bus/read-results.js';
import type { ResultRecord } from '../../../../src/bus/result-records.js';
import type { Random } from '../../../system/chaos/random.js';
import type { About, Line, Sheet, World } from './world.js';

/** A record that is numbered, and what it is about. */
interface Sealed {
  readonly record: ResultRecord;
  readonly about?: About | undefined;
}

/** Numbers the lines of a sheet, sums them up as an agent does, and then does the damage. */
export function seal(sheet: Sheet): Sealed[] {
  const { damage } = sheet;
  const sealed: Sealed[] = sheet.lines.map(({ record, about }, at) => ({
    record: numbered(record, at + 1),
    about,
  }));
  const counts = {
    records: 0,
    intents: 0,
    ok: 0,
    fail: 0,
    info: 0,
    unknown: 0,
    receipts: 0,
    slips: 0,
    damaged: 0,
  };
  const hash = createHash('sha256');
  for (const { record } of sealed) {
    counts.records += 1;
    if (record.k === 'intent') counts.intents += 1;
    if (record.k === 'outcome') counts[record.result] += 1;
    if (record.k === 'receipt') counts.receipts += 1;
    if (record.k === 'slip') counts.slips += 1;
    hash.update(JSON.stringify(record)).update('\n');
  }
  if (damage?.kind === 'miscounted') counts.receipts += 1;
  const sum = { n: sealed.length + 1, at: lastTime(sheet.lines), counts, hash: hash.digest('hex') };
  const failure = { code: 'DISK_FULL', message: 'no room', lost: 2 };
  const last: ResultRecord =
    damage?.kind === 'failed' ? { ...sum, k: 'failed', ...failure } : { ...sum, k: 'finished' };
  return damaged([...sealed, { record: last }], sheet);
}

function damaged(sealed: readonly Sealed[], { damage }: Sheet): Sealed[] {
  switch (damage?.kind) {
    case 'missing':
      return [];
    case 'torn':
      return sealed.slice(0, damage.keep);
    case 'gap':
      return sealed.filter((_, at) => at < damage.from || at >= damage.from + damage.count);
    case 'damaged': {
      const to = damage.from + damage.count;
      const record: ResultRecord = { n: damage.from + 1, at: 0, k: 'damaged', to };
      return [...sealed.slice(0, damage.from), { record }, ...sealed.slice(to)];
    }
    case 'altered':
      return sealed.map((one, at) =>
        at === damage.at ? { ...one, record: { ...one.record, at: one.record.at + 0.5 } } : one,
      );
    default:
      return [...sealed];
  }
}

/** All records of a run as they might come out of the stream: journals mixed, each in its order. */
export function stream(world: World, random: Random): StoredResult[] {
  const queues = world.sheets.flatMap((sheet) => {
    const { node, test, journal } = sheet;
    const named = (journal: string, sealed: readonly Sealed[]): StoredResult[] =>
      sealed.map(({ record }) => ({ node, test: test.test, journal, record }));
    const own = named(journal, seal(sheet));
    // The second try comes when the first is done: in the stream it is behind it.
    const other = { ...sheet, journal: `${journal}-2`, damage: undefined };
    return [sheet.damage?.kind === 'forked' ? [...own, ...named(other.journal, seal(other))] : own];
  });
  const mixed: StoredResult[] = [];
  let left = queues.filter((queue) => queue.length > 0);
  while (left.length > 0) {
    const queue = random.pick(left);
    mixed.push(...queue.splice(0, 1 + random.below(20)));
    left = left.filter((one) => one.length > 0);
  }
  return mixed;
}

function numbered(record: Line['record'], n: number): ResultRecord {
  return { n, ...record };
}

function lastTime(lines: readonly Line[]): number {
  return lines.at(-1)?.record.at ?? 0;
}
