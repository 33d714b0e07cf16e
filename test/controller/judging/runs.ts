import { createHash } from 'node:crypto';
import type { StoredResult } from '../../../src/bus/read-results.js';
import type { ResultRecord } from '../../../src/bus/result-records.js';
import { Checker } from '../../../src/controller/judging/checker.js';
import type { Judgement, Pair, RunFacts } from '../../../src/controller/judging/judgement.js';
import type { Rules } from '../../../src/controller/judging/rules.js';
import {
  type Plan,
  type PlannedFault,
  type PlannedTest,
  plainPlanned,
} from '../../../src/controller/plan/plan.js';

/** T0 of the main phase, and of the control phase ten seconds before. All clocks are right unless a test says otherwise. */
export const t0 = 1_000_000;

/** Each record without its number and time. */
export type Told = ResultRecord extends infer Each
  ? Each extends ResultRecord
    ? Omit<Each, 'n' | 'at'>
    : never
  : never;

/** A test of three nodes that send one message each second, three in all, unless something else is wanted. */
export function plannedTest(changes: Partial<PlannedTest> = {}): PlannedTest {
  return {
    test: 'ping',
    name: 'ping',
    group: 'all',
    phase: 'main',
    workload: { type: 'text' },
    size: 100,
    intervalMs: 1_000,
    amount: 3,
    afterMs: 0,
    senders: ['a', 'b', 'c'],
    ...changes,
  };
}

export function plannedFault(changes: Partial<PlannedFault> = {}): PlannedFault {
  return {
    fault: 'cut',
    node: 'b',
    kind: 'link',
    during: 'running',
    shape: plainPlanned('link'),
    atMs: 1_000,
    forMs: 4_000,
    ...changes,
  };
}

/** What somebody wants to be other than usual. */
export interface Changes {
  readonly tests?: readonly PlannedTest[];
  readonly faults?: readonly PlannedFault[];
  readonly rules?: Partial<Rules>;
  readonly members?: readonly string[];
}

/** A run by hand: each node's journal of each test, of which a test of the checker writes what it is about. */
export class Run {
  readonly plan: Plan;
  facts: RunFacts;
  readonly #journals = new Map<string, { node: string; test: string; records: ResultRecord[] }>();

  constructor({ tests = [plannedTest()], faults = [], rules = {}, members = ['a', 'b', 'c'] }: Changes = {}) {
    this.plan = {
      v: 1,
      scenario: 'by hand',
      seed: '1',
      hash: '0'.repeat(64),
      nodes: members,
      groups: [{ name: 'all', members }],
      tests,
      faults,
      leadMs: 1_000,
      settleMs: 10_000,
      patience: { gatherMs: 1, groupMs: 1, readyMs: 1, collectMs: 1 },
      rules: { lost: 0, duplicated: 0, reordered: 'any', lateAfterMs: 2_000, late: 'any', ...rules },
    };
    this.facts = {
      run: 'r1',
      plan: this.plan,
      startedAtMs: t0 - 20_000,
      endedAtMs: t0 + 60_000,
      t0: { control: t0 - 10_000, main: t0 },
      clocks: Object.fromEntries(members.map((node) => [node, { offsetMs: 0, errorMs: 1 }])),
      faults: {},
      versions: {},
    };
  }

  /** Writes a record at a time from T0 on, milliseconds. Records of one journal are written in their order. */
  write(node: string, atMs: number, told: Told, test = 'ping'): this {
    const journal = this.#journal(node, test);
    journal.records.push({ n: journal.records.length + 1, at: t0 + atMs, ...told });
    return this;
  }

  /** A node sends a message in this second, numbered from 1, and its daemon answers 10 ms later. */
  send(node: string, seq: number, result: 'ok' | 'fail' | 'info' | 'unknown' = 'ok', test = 'ping'): this {
    const at = this.#phaseStart(test) + (seq - 1) * 1_000;
    const due = t0 + at;
    this.write(node, at, { k: 'intent', seq, due, size: 100, hash: hashOf(node, seq, test) }, test);
    const id = result === 'ok' ? { id: `${test}-${node}-${seq}` } : { code: 'NO', message: 'it says no' };
    const times = { sentAt: due, ackAt: due + 10 };
    return this.write(node, at + 10, { k: 'outcome', seq, result, ...id, ...times }, test);
  }

  /** A node receives a message so long after the test's phase started. */
  receive(node: string, from: string, seq: number, atMs: number, how: Receipt = {}): this {
    const { test = 'ping', way = 'live', sub = 1, id = `${test}-${from}-${seq}`, hash } = how;
    const told = { hash: hash ?? hashOf(from, seq, test), size: 100 };
    const at = this.#phaseStart(test) + atMs;
    return this.write(node, at, { k: 'receipt', id, how: way, sub, test, from, seq, ...told }, test);
  }

  /** The last reading of a node: it has these messages, and its test ends. */
  finish(node: string, has: readonly (readonly [from: string, seq: number])[], test = 'ping'): this {
    this.write(node, 12_000, { k: 'note', topic: 'final reading', data: {} }, test);
    for (const [from, seq] of has) this.receive(node, from, seq, 12_100, { way: 'final', test });
    this.write(node, 12_200, { k: 'final', sub: 1, complete: true, messages: has.length }, test);
    return this.end(node, test);
  }

  /** The last record of a node's test. */
  end(node: string, test = 'ping'): this {
    const { records } = this.#journal(node, test);
    records.push({ n: records.length + 1, at: t0 + 20_000, k: 'finished', ...sumOf(records) });
    return this;
  }

  /** What a node wrote of a test, to be spoiled. */
  records(node: string, test = 'ping'): ResultRecord[] {
    return this.#journal(node, test).records;
  }

  /** All records as they come out of the stream, one journal after the other. */
  results(): StoredResult[] {
    return [...this.#journals.values()].flatMap(({ node, test, records }) =>
      records.map((record) => ({ node, test, journal: `j-${node}`, record })),
    );
  }

  judge(rules?: Rules, more: readonly StoredResult[] = []): Judgement {
    const checker = new Checker(this.facts);
    for (const result of [...this.results(), ...more]) checker.add(result);
    return checker.judge(rules);
  }

  /** When the test's phase starts, from T0 on, milliseconds. */
  #phaseStart(test: string): number {
    const { phase } = this.plan.tests.find((planned) => planned.test === test) ?? {};
    return phase === 'control' ? -10_000 : 0;
  }

  #journal(node: string, test: string): { node: string; test: string; records: ResultRecord[] } {
    const key = `${node} ${test}`;
    const known = this.#journals.get(key) ?? { node, test, records: [] };
    this.#journals.set(key, known);
    if (known.records.length === 0) {
      const name = { run: 'r1', test, node, journal: `j-${node}` };
      known.records.push({
        n: 1,
        at: t0 - 100,
        k: 'created',
        v: 1,
        ...name,
        settleMs: 1,
        sendMs: 1,
        spec: {},
      });
    }
    return known;
  }
}

interface Receipt {
  readonly test?: string;
  readonly way?: 'live' | 'replay' | 'final';
  readonly sub?: number;
  readonly id?: string;
  readonly hash?: string;
}

/** Whether a receiver lacks a message. */
type Lacks = (receiver: string, sender: string, seq: number) => boolean;

/** A run in which all messages come 50 ms after they were acknowledged, but for those that somebody lacks. */
export function goodRun(changes: Changes = {}, lacks: Lacks = () => false): Run {
  const run = new Run(changes);
  for (const { test, workload } of run.plan.tests) {
    for (const node of run.plan.nodes) {
      for (const seq of [1, 2, 3]) {
        run.send(node, seq, 'ok', test);
        if (workload.type !== 'call') receiveAll(run, node, seq, test, lacks);
      }
      if (workload.type === 'call') run.end(node, test);
      else run.finish(node, had(run.plan.nodes, node, lacks), test);
    }
  }
  return run;
}

function receiveAll(run: Run, node: string, seq: number, test: string, lacks: Lacks): void {
  for (const sender of run.plan.nodes) {
    if (!lacks(node, sender, seq)) run.receive(node, sender, seq, (seq - 1) * 1_000 + 60, { test });
  }
}

/** What a node has in the end. */
function had(nodes: readonly string[], node: string, lacks: Lacks): (readonly [string, number])[] {
  const all = nodes.flatMap((sender) => [1, 2, 3].map((seq) => [sender, seq] as const));
  return all.filter(([sender, seq]) => !lacks(node, sender, seq));
}

export function hashOf(sender: string, seq: number, test = 'ping'): string {
  return createHash('sha256').update(`${test} ${sender} ${seq}`).digest('hex');
}

/** What an agent sums up at the end. */
export function sumOf(
  records: readonly ResultRecord[],
): Pick<Extract<ResultRecord, { k: 'finished' }>, 'counts' | 'hash'> {
  const of = (k: ResultRecord['k']): number => records.filter((record) => record.k === k).length;
  const ended = (result: string): number =>
    records.filter((record) => record.k === 'outcome' && record.result === result).length;
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return {
    counts: {
      records: records.length,
      intents: of('intent'),
      ok: ended('ok'),
      fail: ended('fail'),
      info: ended('info'),
      unknown: ended('unknown'),
      receipts: of('receipt'),
      slips: of('slip'),
      damaged: 0,
    },
    hash: createHash('sha256').update(text).digest('hex'),
  };
}

/** The run when its node told of the fault. */
export function disturbed(run: Run, fromMs: number, toMs: number | undefined, node = 'b'): Run {
  const fault = run.plan.faults.find((one) => one.node === node)?.fault ?? '';
  const healed = toMs === undefined ? {} : { healedAtMs: t0 + toMs };
  const fact = { state: 'healed', by: 'nft', injectedAtMs: t0 + fromMs, ...healed };
  run.facts = { ...run.facts, faults: { ...run.facts.faults, [fault]: fact } };
  return run;
}

/** One sender towards one receiver. */
export function pairOf(judgement: Judgement, sender: string, receiver: string): Pair | undefined {
  return judgement.tests[0]?.pairs.find((pair) => pair.sender === sender && pair.receiver === receiver);
}

/** The codes of all reasons. */
export function codesOf({ reasons }: Judgement): string[] {
  return reasons.map(({ code }) => code);
}
