import type {
  Delivery,
  FaultJudgement,
  Judgement,
  Moment,
  Reason,
  TestJudgement,
  Trouble,
  TroubledMessage,
  Verdict,
} from '../../../src/controller/judging/judgement.js';
import { defaultRules, type Rules } from '../../../src/controller/judging/rules.js';
import { type Plan, type PlannedFault, plainPlanned } from '../../../src/controller/plan/plan.js';
import { chance, countsOf, type MadeDelivery, neverCame, quantilesOf, sumOf } from './made-traffic.js';

/** What a made run is like. */
export interface MadeRun {
  readonly nodes: readonly string[];
  /** Messages of each sender in the main test. */
  readonly amount: number;
  readonly intervalMs?: number;
  readonly faults?: readonly PlannedFault[];
  /** How many deliveries each of these troubles befalls. */
  readonly troubles?: Readonly<Partial<Record<Trouble, number>>>;
  readonly rules?: Rules;
  readonly verdict?: Verdict;
  readonly reasons?: readonly Reason[];
  /** Name of the main test in the scenario. */
  readonly name?: string;
}

export const startedAtMs = Date.UTC(2026, 2, 1, 10);
/** T0 of the control phase and of the main phase, from the start. */
const controlMs = 5_000;
const mainMs = 20_000;

/** Five nodes, two of them cut off for a while, three messages lost, one each reordered and unknown. */
export function smallRun(): MadeRun {
  return {
    nodes: ['east', 'north', 'south', 'up', 'west'],
    amount: 20,
    faults: [
      {
        fault: 'cut-north',
        node: 'north',
        kind: 'link',
        during: 'running',
        atMs: 2_000,
        forMs: 3_000,
        shape: plainPlanned('link'),
      },
      {
        fault: 'cut-west',
        node: 'west',
        kind: 'peers',
        during: 'running',
        atMs: 2_500,
        forMs: 3_000,
        shape: plainPlanned('peers'),
      },
    ],
    troubles: { lost: 3, reordered: 1, unknown: 1 },
  };
}

/** A run as a controller could have judged it, made up from a few wishes; the same wishes give the same run. */
export function madeJudgement(run: MadeRun): Judgement {
  const rules = run.rules ?? defaultRules;
  const plan = planOf(run, rules);
  const endedAtMs = startedAtMs + mainMs + (run.amount + 20) * (run.intervalMs ?? 500);
  const control = deliveriesOf(run, startedAtMs + controlMs, 2, {}, []);
  const main = deliveriesOf(run, startedAtMs + mainMs, run.amount, run.troubles ?? {}, run.faults ?? []);
  const lost = run.troubles?.lost ?? 0;
  const reasons = run.reasons ?? (lost === 0 ? [] : [lostReason(lost)]);
  const tests = [
    testOf(plan, 'control-1', control, startedAtMs + controlMs, 'pass'),
    testOf(plan, 'main-1', main, startedAtMs + mainMs, lost > 0 ? 'fail' : 'pass'),
  ];
  return {
    v: 1,
    run: 'r-20260301-1000-7f3a',
    plan,
    facts: {
      startedAtMs,
      endedAtMs,
      t0: { control: startedAtMs + controlMs, main: startedAtMs + mainMs },
      clocks: Object.fromEntries(run.nodes.map((node, i) => [node, { offsetMs: i * 3 - 4, errorMs: 0.8 }])),
      faults: {},
      versions: { controller: '0.1.0', ...Object.fromEntries(run.nodes.map((node) => [node, '0.1.0'])) },
    },
    rules,
    verdict: run.verdict ?? (lost > 0 ? 'fail' : 'pass'),
    reasons,
    totals: sumOf(tests.map((test) => test.totals)),
    tests,
    faults: (run.faults ?? []).map(faultOf),
    intervals: (run.faults ?? []).map((fault, i) => ({
      node: fault.node,
      what: fault.kind === 'kill' ? 'daemon' : 'hub',
      fromMs: startedAtMs + mainMs + fault.atMs + 40,
      ...(i % 5 === 4 ? {} : { toMs: startedAtMs + mainMs + fault.atMs + fault.forMs + 400 }),
    })),
    messages: messagesOf(main, endedAtMs).slice(0, 1_000),
    troubled: run.troubles ?? {},
    records: (control.length + main.length) * 2,
    journals: run.nodes.length,
    deliveries: drawn(main),
  };
}

const lostReason = (count: number): Reason => ({
  code: 'lost',
  verdict: 'fail',
  text: `${count} messages of main-1 were lost; none may be`,
});

function planOf(run: MadeRun, rules: Rules): Plan {
  const common = {
    name: run.name ?? 'chatter',
    group: 'all',
    workload: { type: 'text' as const },
    size: 300,
    intervalMs: run.intervalMs ?? 500,
    senders: run.nodes,
  };
  return {
    v: 1,
    scenario: 'two cut off',
    seed: '7f3a-seed',
    hash: 'b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184',
    nodes: run.nodes,
    groups: [{ name: 'all', members: run.nodes }],
    tests: [
      { ...common, test: 'control-1', phase: 'control', amount: 2, afterMs: 0 },
      { ...common, test: 'main-1', phase: 'main', amount: run.amount, afterMs: 0 },
    ],
    faults: run.faults ?? [],
    leadMs: 2_000,
    settleMs: 10_000,
    patience: { gatherMs: 10_000, groupMs: 10_000, readyMs: 10_000, collectMs: 10_000 },
    rules,
  };
}

function deliveriesOf(
  run: MadeRun,
  t0: number,
  amount: number,
  troubles: NonNullable<MadeRun['troubles']>,
  faults: readonly PlannedFault[],
): MadeDelivery[] {
  const random = chance(42);
  const made: MadeDelivery[] = [];
  for (let seq = 1; seq <= amount; seq += 1) {
    for (const sender of run.nodes) {
      const sentAtMs = t0 + (seq - 1) * (run.intervalMs ?? 500) + Math.round(random() * 20);
      for (const receiver of run.nodes) {
        if (receiver === sender) continue;
        const holding = faults.filter(
          ({ node, atMs, forMs }) =>
            (node === sender || node === receiver) && sentAtMs >= t0 + atMs && sentAtMs < t0 + atMs + forMs,
        );
        const until = Math.max(sentAtMs, ...holding.map(({ atMs, forMs }) => t0 + atMs + forMs));
        made.push({
          sender,
          receiver,
          seq,
          sentAtMs,
          latencyMs: Math.round((until - sentAtMs + 4 + random() * 60) * 10) / 10,
        });
      }
    }
  }
  const kinds = Object.entries(troubles).flatMap(([trouble, count]) =>
    new Array<string>(count).fill(trouble),
  );
  const places = new Set<number>();
  while (places.size < Math.min(kinds.length, made.length)) places.add(Math.floor(random() * made.length));
  for (const place of places) {
    const one = made[place];
    const trouble = kinds.shift();
    if (one !== undefined && isTrouble(trouble)) made[place] = { ...one, trouble };
  }
  return made;
}

function isTrouble(name: string | undefined): name is Trouble {
  return name !== undefined;
}

function testOf(
  plan: Plan,
  test: string,
  all: readonly MadeDelivery[],
  t0: number,
  verdict: Verdict,
): TestJudgement {
  const came = all.filter(({ trouble }) => !neverCame.has(trouble));
  const between = new Map<string, MadeDelivery[]>();
  for (const one of all) {
    const key = `${one.sender}>${one.receiver}`;
    const same = between.get(key);
    if (same === undefined) between.set(key, [one]);
    else same.push(one);
  }
  const pairs = [...between.values()].map((own) => {
    const { sender = '', receiver = '' } = own[0] ?? {};
    const arrived = own.filter(({ trouble }) => !neverCame.has(trouble));
    const latency = quantilesOf(arrived.map(({ latencyMs }) => latencyMs));
    const counts = countsOf(own, plan.rules.lateAfterMs);
    return { sender, receiver, counts, ...(latency === undefined ? {} : { latency }) };
  });
  const latency = quantilesOf(came.map((one) => one.latencyMs));
  const thin = Math.max(1, Math.ceil(came.length / 4_000));
  return {
    test,
    name: plan.tests.find((one) => one.test === test)?.name ?? test,
    group: 'all',
    phase: test.startsWith('control') ? 'control' : 'main',
    verdict,
    totals: sumOf(pairs.map((pair) => pair.counts)),
    pairs,
    ...(latency === undefined ? {} : { latency, stable: latency, slip: { ...latency, p99: 3, max: 4 } }),
    availability: { calm: 1, disturbed: 0.92 },
    points: came
      .filter((_, i) => i % thin === 0)
      .map((one) => [
        one.sentAtMs - t0,
        one.latencyMs,
        plan.nodes.indexOf(one.sender),
        plan.nodes.indexOf(one.receiver),
      ]),
  };
}

/** The troubled ones, each once with all that is wrong with it. */
function messagesOf(all: readonly MadeDelivery[], endMs: number): TroubledMessage[] {
  const troubled = new Map<string, MadeDelivery[]>();
  for (const one of all.filter(({ trouble }) => trouble !== undefined)) {
    const key = `${one.sender}/${one.seq}`;
    troubled.set(key, [...(troubled.get(key) ?? []), one]);
  }
  return [...troubled.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { sender, seq, sentAtMs } = first;
    const ends = same.map(({ receiver, trouble, latencyMs }): Moment => {
      if (neverCame.has(trouble)) return { atMs: endMs, node: receiver, what: 'absent' };
      return { atMs: sentAtMs + latencyMs, node: receiver, what: 'live', detail: `id-${seq}` };
    });
    const history: Moment[] = [
      { atMs: sentAtMs - 1, node: sender, what: 'due' },
      { atMs: sentAtMs, node: sender, what: 'sent', detail: '300 bytes' },
      { atMs: sentAtMs + 2, node: sender, what: 'ok', detail: `id-${seq}` },
      ...ends.sort((a, b) => a.atMs - b.atMs),
    ];
    const troubles = same.map(({ trouble = 'lost', receiver }) => ({ trouble, receiver }));
    return [{ test: 'main-1', sender, seq, troubles, history }];
  });
}

function faultOf(fault: PlannedFault): FaultJudgement {
  const from = startedAtMs + mainMs + fault.atMs;
  return {
    fault: fault.fault,
    node: fault.node,
    kind: fault.kind,
    plannedFromMs: from,
    plannedToMs: from + fault.forMs,
    injectedAtMs: from + 12,
    healedAtMs: from + fault.forMs + 30,
    by: fault.kind === 'link' || fault.kind === 'peers' ? 'nft' : 'signal',
    proof: 'confirmed',
    convergenceMs: 240,
  };
}

function drawn(all: readonly MadeDelivery[]): Delivery[] {
  const worst = [...all].sort((a, b) => Number(a.trouble === undefined) - Number(b.trouble === undefined));
  return worst.slice(0, 2_000).map(({ sender, receiver, seq, sentAtMs, latencyMs, trouble }) => ({
    test: 'main-1',
    sender,
    receiver,
    seq,
    sentAtMs,
    ...(neverCame.has(trouble) ? {} : { receivedAtMs: sentAtMs + latencyMs }),
  }));
}
