import { readFile } from 'node:fs/promises';
import type { StoredResult } from '../../../../src/bus/read-results.js';
import type { Counts } from '../../../../src/controller/judging/judgement.js';
import type { Logged } from '../../rehearsal/account.js';

/** What a report must count of a test, and nothing else. */
export type TrueCounts = Pick<
  Counts,
  | 'scheduled'
  | 'ok'
  | 'fail'
  | 'info'
  | 'skipped'
  | 'expected'
  | 'delivered'
  | 'lost'
  | 'duplicated'
  | 'corrupt'
  | 'recovered'
  | 'vanished'
  | 'unexpected'
  | 'unknown'
>;

/** What a daemon did wrong on purpose. */
interface Misdeed {
  readonly misdeed: string;
  readonly id?: string;
  readonly again?: string;
}

/** Reads the files in which daemons tell what they did wrong. */
export async function misdeedsIn(files: readonly string[]): Promise<Misdeed[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line): Misdeed => JSON.parse(line)),
  );
}

/** All that is known of a test from the daemons, and what its senders were answered. */
export interface Known {
  readonly test: string;
  readonly amount: number;
  readonly results: readonly StoredResult[];
  /** By node, as they are in the end. */
  readonly logs: ReadonlyMap<string, readonly Logged[]>;
  readonly misdeeds: readonly Misdeed[];
}

/**
 * Works out what a report must count: what was sent by what the senders were answered, what came of it by the daemons' own logs, and
 * what of it was spoiled by their own confession.
 */
export function trueCounts({ test, amount, results, logs, misdeeds }: Known): TrueCounts {
  const idsOf = (misdeed: string): Set<string> =>
    new Set(misdeeds.flatMap((one) => (one.misdeed === misdeed && one.id !== undefined ? [one.id] : [])));
  const corrupted = idsOf('corrupt');
  const counts = {
    ...{ scheduled: 0, ok: 0, fail: 0, info: 0, skipped: 0, expected: 0, delivered: 0, lost: 0 },
    ...{ duplicated: 0, corrupt: 0, recovered: 0, vanished: 0, unexpected: 0, unknown: 0 },
  };
  for (const sender of logs.keys()) {
    const own = results.filter((one) => one.node === sender && one.test === test).map(({ record }) => record);
    const meant = new Set(own.flatMap((one) => (one.k === 'intent' ? [one.seq] : [])));
    const outcomes = new Map(own.flatMap((one) => (one.k === 'outcome' ? [[one.seq, one.result]] : [])));
    counts.scheduled += amount;
    counts.skipped += own.filter((one) => one.k === 'slip' && !one.sent).length;
    for (const seq of meant) {
      const outcome = outcomes.get(seq);
      if (outcome === 'ok') counts.ok += 1;
      else if (outcome === 'fail') counts.fail += 1;
      else counts.info += 1;
    }
    for (const [receiver, log] of logs) {
      if (receiver === sender) continue;
      const hasRead = readAll(results, test, receiver);
      const received = receiptsOf(results, { test, receiver, sender });
      const bySeq = new Map<string, Logged[]>();
      for (const one of log) bySeq.set(one.line, [...(bySeq.get(one.line) ?? []), one]);
      for (const [line, entries] of bySeq) {
        const [from, number] = line.split(' ');
        if (from === sender && !meant.has(Number(number))) counts.unexpected += entries.length;
      }
      for (const seq of meant) {
        const entries = bySeq.get(`${sender} ${seq}`) ?? [];
        const sound = entries.filter(({ id }) => !corrupted.has(id));
        const isOwed = outcomes.get(seq) === 'ok';
        if (isOwed) counts.expected += 1;
        // What a node has neither read to the end nor told of is known to nobody but its daemon.
        if (!hasRead && !received.has(seq)) {
          if (isOwed) counts.unknown += 1;
          continue;
        }
        if (isOwed && sound.length > 0) counts.delivered += 1;
        if (isOwed && sound.length === 0) counts[hasRead ? 'lost' : 'unknown'] += 1;
        if (!isOwed && sound.length > 0) counts.recovered += 1;
        if (sound.length > 1) counts.duplicated += 1;
        if (sound.length < entries.length) counts.corrupt += 1;
      }
    }
  }
  return counts;
}

/** Numbers of the messages of a sender that a node has told of. */
function receiptsOf(
  results: readonly StoredResult[],
  { test, receiver, sender }: { readonly test: string; readonly receiver: string; readonly sender: string },
): Set<number | undefined> {
  return new Set(
    results.flatMap(({ node, test: of, record }) =>
      node === receiver && of === test && record.k === 'receipt' && record.from === sender
        ? [record.seq]
        : [],
    ),
  );
}

/** Whether a node has read all that its daemon has in the end. */
function readAll(results: readonly StoredResult[], test: string, node: string): boolean {
  return results.some(
    (one) => one.node === node && one.test === test && one.record.k === 'final' && one.record.complete,
  );
}

/** For which reasons nobody can say that all is well, as the records of the nodes have it. */
export function trueDoubts({ test, amount, results, logs }: Known): Set<string> {
  const found = new Set<string>();
  for (const node of logs.keys()) {
    const own = results.filter((one) => one.node === node && one.test === test).map(({ record }) => record);
    const tried = own.filter((one) => one.k === 'intent' || (one.k === 'slip' && !one.sent)).length;
    if (!readAll(results, test, node)) found.add('no-final');
    if (tried < amount) found.add('unsent');
  }
  return found;
}

/**
 * What the daemons' logs and their confessions do not agree in: a message that was acknowledged and is nowhere without its daemon
 * having said so, one that is there twice, one that daemons do not all have.
 */
export function unexplained({ test, results, logs, misdeeds }: Known): string[] {
  const found: string[] = [];
  const stored = new Map([...logs].map(([node, log]) => [node, new Set(log.map(({ id }) => id))]));
  const union = new Set([...stored.values()].flatMap((ids) => [...ids]));
  for (const [node, ids] of stored) {
    if (ids.size < union.size) found.push(`the daemon of ${node} has ${ids.size} of ${union.size} messages`);
  }
  const confessed = new Set(misdeeds.flatMap(({ misdeed, id = '' }) => (misdeed === 'lose' ? [id] : [])));
  const doubled = new Set(misdeeds.flatMap(({ again = '' }) => [again]));
  for (const { node, test: of, record } of results) {
    if (of !== test || record.k !== 'outcome' || record.result !== 'ok') continue;
    const { id = '', seq } = record;
    if (union.has(id) === confessed.has(id)) found.push(`${node} ${seq} was acknowledged as ${id}`);
  }
  for (const log of logs.values()) {
    const lines = new Set<string>();
    for (const { line, id } of log) {
      if (doubled.has(id)) continue;
      if (lines.has(line)) found.push(`${line} is there twice`);
      lines.add(line);
    }
  }
  return found;
}
