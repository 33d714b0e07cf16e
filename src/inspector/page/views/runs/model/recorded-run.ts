import type { FaultTrack, RunFacts, RunRecord, TestTrack } from './record.js';
import type { Report, ReportTest } from './report.js';
import { partOf, type ToldTransition } from './told.js';
import { countUp, Track } from './track.js';

/** Sends of which no time is known are spread over at most so many steps. */
const mostSpread = 60;

/**
 * Fills the record of a run that has ended, from its report and what is kept of its actors. The counts at the end are exactly
 * the report's; on the way there they follow the deliveries that the report tells one by one (up to 4,000 of each test).
 */
export function recordedRun(
  facts: RunFacts,
  report: Report | undefined,
  transitions: readonly ToldTransition[],
): RunRecord {
  const tests = (report?.tests ?? []).flatMap((test) => tracksOf(test, report ?? nothing));
  const faults = (report?.faults ?? []).map(
    (fault): FaultTrack => ({ ...fault, state: new Track<string>() }),
  );
  const states = new Map<string, Track<string>>();
  for (const { test, node, state } of tests) states.set(`test ${node}/${test}`, state);
  for (const { fault, node, state } of faults) states.set(`fault ${node}/${fault}`, state);
  for (const transition of transitions) {
    const part = partOf(transition, facts.run);
    if (part === undefined) continue;
    const atMs = transition.atMs + (report?.offsets[part.node] ?? 0);
    states.get(`${transition.machine} ${part.node}/${part.name}`)?.add(atMs, transition.to);
  }
  return {
    facts,
    tests,
    faults,
    reached: new Map(),
    waitsFor: new Track<string>(),
    sent: sumOf(tests.map(({ sent }) => sent)),
    received: sumOf(tests.map(({ received }) => received)),
    judged: report === undefined ? undefined : { records: report.records, journals: report.journals },
  };
}

const nothing: Report = {
  nodes: [],
  t0: {},
  startedAtMs: 0,
  offsets: {},
  tests: [],
  faults: [],
  failures: [],
  records: 0,
  journals: 0,
};

function tracksOf(test: ReportTest, report: Report): TestTrack[] {
  const t0 = report.t0[test.phase] ?? report.startedAtMs;
  const sends = new Map<number, Set<number>>();
  const arrivals = new Map<number, number[]>();
  for (const [at = 0, latency = 0, sender = -1, receiver = -1] of test.points) {
    const times = sends.get(sender) ?? new Set();
    sends.set(sender, times.add(t0 + at));
    const came = arrivals.get(receiver) ?? [];
    came.push(t0 + at + latency);
    arrivals.set(receiver, came);
  }
  return report.nodes.flatMap((node, i) => {
    const asSender = test.pairs.find(({ sender }) => sender === node);
    const asReceiver = test.pairs.filter(({ receiver }) => receiver === node);
    if (asSender === undefined && asReceiver.length === 0) return [];
    const { scheduled = 0, tried = 0 } = asSender ?? {};
    const known = [...(sends.get(i) ?? [])];
    const delivered = asReceiver.reduce((sum, pair) => sum + pair.delivered, 0);
    const failures = report.failures.filter((one) => one.test === test.test && one.sender === node);
    return [
      {
        node,
        test: test.test,
        amount: scheduled,
        state: new Track<string>(),
        sent: countUp(known.length > 0 ? known : bySchedule(test, t0, scheduled), tried),
        received: countUp(arrivals.get(i) ?? [], delivered),
        troubled: countUp(
          failures.map(({ atMs }) => atMs),
          failures.length,
        ),
      },
    ];
  });
}

/** When messages are due, as far apart as need be. */
function bySchedule({ afterMs, intervalMs }: ReportTest, t0: number, scheduled: number): number[] {
  const steps = Math.min(scheduled, mostSpread);
  const lastMs = intervalMs * Math.max(0, scheduled - 1);
  return Array.from({ length: steps }, (_, i) => t0 + afterMs + (lastMs * (i + 1)) / steps);
}

/** The sum of counts over time. */
function sumOf(tracks: readonly Track<number>[]): Track<number> {
  const changes = tracks
    .flatMap(({ steps }) => steps.map(([atMs, value], i) => ({ atMs, by: value - (steps[i - 1]?.[1] ?? 0) })))
    .toSorted((a, b) => a.atMs - b.atMs);
  const whole = new Track<number>(2_000);
  let sum = 0;
  for (const { atMs, by } of changes) {
    sum += by;
    whole.add(atMs, sum);
  }
  return whole;
}
