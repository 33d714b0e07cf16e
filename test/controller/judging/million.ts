/**
 * Judges a run of a million records in a thread of its own and prints, as JSON, what it found and what it took. To be run in a process
 * of its own, whose memory is looked at: `node million.js RECORDS`.
 */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { StoredResult } from '../../../src/bus/read-results.js';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { judgeInWorker } from '../../../src/controller/judging/judge-in-worker.js';
import { plannedTest, Run, type Told, t0 } from './runs.js';

const members = ['a', 'b', 'c', 'd', 'e'];
/** An intent, an outcome, and each of five nodes hears it twice. */
const recordsPerMessage = 12;
const asked = Number(process.argv[2] ?? 1_000_000);
const amount = Math.ceil(asked / recordsPerMessage / members.length);
const intervalMs = 10;

/** One node's journal, written as it is read. */
class Writer {
  readonly #node: string;
  readonly #hash = createHash('sha256');
  readonly #counts = {
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

  constructor(node: string) {
    this.#node = node;
  }

  write(at: number, told: Told): StoredResult {
    const record: ResultRecord = { n: this.#counts.records + 1, at, ...told };
    this.#counts.records++;
    if (record.k === 'intent') this.#counts.intents++;
    if (record.k === 'outcome') this.#counts.ok++;
    if (record.k === 'receipt') this.#counts.receipts++;
    this.#hash.update(`${JSON.stringify(record)}\n`);
    return this.#stored(record);
  }

  end(at: number): StoredResult {
    const n = this.#counts.records + 1;
    return this.#stored({ n, at, k: 'finished', counts: this.#counts, hash: this.#hash.digest('hex') });
  }

  #stored(record: ResultRecord): StoredResult {
    return { node: this.#node, test: 'ping', journal: `journal-${this.#node}`, record };
  }
}

/** Every thousandth message of a is lost on its way to b. */
const isLost = (receiver: string, sender: string, seq: number): boolean =>
  receiver === 'b' && sender === 'a' && seq % 1_000 === 0;

async function* results(): AsyncGenerator<StoredResult> {
  const writers = members.map((node) => ({ node, writer: new Writer(node) }));
  const receipt = (sender: string, seq: number, how: 'live' | 'final') => {
    const hash = createHash('sha256').update(`${sender} ${seq}`).digest('hex');
    const id = `bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7a${sender}${String(seq).padStart(8, '0')}`;
    return { k: 'receipt', id, how, sub: 1, test: 'ping', from: sender, seq, hash, size: 100 } as const;
  };
  for (const { node, writer } of writers) {
    const name = { run: 'r1', test: 'ping', node, journal: `journal-${node}` };
    yield writer.write(t0, { k: 'created', v: 1, ...name, settleMs: 1, sendMs: 1, spec: {} });
  }
  for (let seq = 1; seq <= amount; seq++) {
    if (seq % 100 === 0) await turn();
    const due = t0 + seq * intervalMs;
    for (const { node, writer } of writers) {
      const { hash, id } = receipt(node, seq, 'live');
      yield writer.write(due, { k: 'intent', seq, due, size: 100, hash });
      yield writer.write(due + 2, { k: 'outcome', seq, result: 'ok', id, sentAt: due, ackAt: due + 2 });
    }
    for (const { node, writer } of writers) {
      for (const sender of members) {
        if (!isLost(node, sender, seq)) yield writer.write(due + 5, receipt(sender, seq, 'live'));
      }
    }
  }
  const endAt = t0 + amount * intervalMs + 10_000;
  for (const { node, writer } of writers) {
    yield writer.write(endAt, { k: 'note', topic: 'final reading', data: {} });
    for (const sender of members) {
      for (let seq = 1; seq <= amount; seq++) {
        if (!isLost(node, sender, seq)) yield writer.write(endAt + 1, receipt(sender, seq, 'final'));
      }
      await turn();
    }
    yield writer.write(endAt + 2, { k: 'final', sub: 1, complete: true, messages: amount });
    yield writer.end(endAt + 3);
  }
}

const { facts, plan } = new Run({ members, tests: [plannedTest({ senders: members, amount, intervalMs })] });
let longestTurn = 0;
let before = performance.now();
const watch = setInterval(() => {
  const now = performance.now();
  longestTurn = Math.max(longestTurn, now - before);
  before = now;
}, 10);
const startedAt = performance.now();
const judgement = await judgeInWorker(facts, plan.rules, results());
clearInterval(watch);
const { records, totals, reasons, messages } = judgement;
const seconds = (performance.now() - startedAt) / 1_000;
const mib = process.resourceUsage().maxRSS / 1_024;
const codes = reasons.map(({ code }) => code);
const found = messages.map(({ sender, seq }) => `${sender}#${seq}`);
process.stdout.write(
  JSON.stringify({
    records,
    lost: totals.lost,
    expected: totals.expected,
    codes,
    found,
    seconds,
    mib,
    longestTurn,
  }),
);
