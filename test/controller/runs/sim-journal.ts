import { createHash } from 'node:crypto';
import { type ResultRecord, resultRecord } from '../../../src/bus/result-records.js';
import type { TestSpec } from '../../../src/gen/postern/v1/tests.js';

type Entry = ResultRecord extends infer R ? (R extends ResultRecord ? Omit<R, 'n'> : never) : never;

/** What a simulated node has done in a test. */
export interface SimTest {
  readonly run: string;
  readonly test: string;
  readonly node: string;
  readonly journal: string;
  readonly spec: TestSpec;
  readonly settleMs: number;
  /** By the node's own clock. */
  readonly startAtMs: number;
  readonly offsetMs: number;
  /** The senders of the group, with how many messages each. */
  readonly senders: ReadonlyMap<string, number>;
}

function hashOf(test: string, from: string, seq: number): string {
  return createHash('sha256').update(`${test} ${from} ${seq}`).digest('hex');
}

/** The records of a test in which everything arrives a few milliseconds after it was sent, as an agent writes them. */
export function simJournal(sim: SimTest, lost: (from: string, seq: number) => boolean): ResultRecord[] {
  const { run, test, node, journal, spec, settleMs, startAtMs, offsetMs, senders } = sim;
  const { intervalMs, amount, size } = spec;
  const due = (seq: number) => startAtMs + (seq - 1) * intervalMs;
  const endMs = due(Math.max(1, ...senders.values())) + 20;
  const entries: Entry[] = [
    {
      ...{ k: 'created', at: startAtMs - 50, v: 1, run, test, node, journal, settleMs },
      ...{ sendMs: Math.round(amount * intervalMs), spec: { ...spec } },
    },
    { k: 'boot', at: startAtMs - 50, boot: 1, version: '0.0.0', cut: 0 },
    {
      k: 'armed',
      at: startAtMs - 40,
      t0: startAtMs + offsetMs,
      startAt: startAtMs,
      offset: offsetMs,
      error: 1,
    },
    { k: 'started', at: startAtMs },
  ];
  for (let seq = 1; seq <= amount; seq++) {
    const hash = hashOf(test, node, seq);
    entries.push({ k: 'intent', at: due(seq), seq, due: due(seq), size, hash });
    const id = `${node}-${seq}`;
    entries.push({
      k: 'outcome',
      at: due(seq) + 2,
      seq,
      result: 'ok',
      id,
      sentAt: due(seq),
      ackAt: due(seq) + 2,
    });
  }
  const messages = [...senders].flatMap(([from, count]) =>
    Array.from({ length: count }, (_, at) => ({ from, seq: at + 1 })),
  );
  const arrived = messages.filter(({ from, seq }) => !lost(from, seq));
  const receipt = (
    how: 'live' | 'final',
    sub: number,
    { from, seq }: { from: string; seq: number },
  ): Entry => ({
    ...{ k: 'receipt', at: how === 'live' ? due(seq) + 5 : endMs, id: `${from}-${seq}`, how, sub },
    ...{ test, from, seq, hash: hashOf(test, from, seq), size },
  });
  entries.push(...arrived.map((message) => receipt('live', 1, message)));
  entries.push({ k: 'ended', at: endMs });
  entries.push({ k: 'note', at: endMs, topic: 'final reading', data: { sub: 1, replayed: 0 } });
  entries.push(...arrived.map((message) => receipt('final', 1, message)));
  entries.push({ k: 'final', at: endMs, sub: 1, complete: true, messages: arrived.length });
  entries.sort((a, b) => a.at - b.at);
  return sealed(entries, endMs);
}

function sealed(entries: readonly Entry[], endMs: number): ResultRecord[] {
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
  const records = entries.map((entry, at) => resultRecord.parse({ n: at + 1, ...entry }));
  for (const record of records) {
    counts.records += 1;
    if (record.k === 'intent') counts.intents += 1;
    if (record.k === 'outcome') counts[record.result] += 1;
    if (record.k === 'receipt') counts.receipts += 1;
    hash.update(JSON.stringify(record)).update('\n');
  }
  const last = { n: records.length + 1, at: endMs, k: 'finished', counts, hash: hash.digest('hex') };
  return [...records, resultRecord.parse(last)];
}
