import type { RunPhase } from '../../../machines/run-events.js';
import type { TestSpec } from '../../gen/postern/v1/tests.js';
import { phaseEndMs } from '../plan/duration.js';
import { phaseOfFault } from '../plan/fault-times.js';
import type { Plan, PlannedFault, PlannedTest } from '../plan/plan.js';
import { type GatheredNode, lastsMs, testsOn } from '../runs/facts.js';
import { askNode, commandOf, nodesAtOnce, type PlannedRun } from './context.js';
import { FaultsBetween } from './fault-others.js';
import { type Addresses, toldShape, wireShape } from './fault-peers.js';
import { madeGroups } from './group.js';
import { forEach, insist, type StepLife } from './step.js';

/** Without faults, what was sent is everywhere soon, milliseconds. */
const controlSettleMs = 3_000;

/** What a node does in a phase. */
interface Orders {
  readonly node: GatheredNode;
  readonly tests: readonly PlannedTest[];
  readonly faults: readonly PlannedFault[];
}

/** Tells every node what to send and what to disturb, and when. To be told again changes nothing. */
export async function arm(
  run: PlannedRun,
  life: StepLife,
  { phase, t0Ms }: { readonly phase: RunPhase; readonly t0Ms: number },
): Promise<void> {
  const groups = new Map((await madeGroups(run, life)).map(({ name, id }) => [name, id]));
  const gathered = await insist(life, 'what nodes there are', () => run.parts.get('nodes'));
  const addresses = new Map(gathered?.nodes.map((node) => [node.name, node.addresses ?? []]));
  const between = new FaultsBetween(run.plan.faults, addresses);
  const orders = (gathered?.nodes ?? []).map((node) => ordersOf(run.plan, node, phase));
  await forEach(orders, nodesAtOnce, async ({ node, tests, faults }) => {
    for (const test of tests) await armTest(run, life, { node, test, t0Ms, groups });
    for (const fault of faults) await armFault(run, life, { node, fault, t0Ms, addresses, between });
  });
  life.trouble(undefined);
}

function ordersOf(plan: Plan, node: GatheredNode, phase: RunPhase): Orders {
  const tests = testsOn(plan, node.name).filter((test) => test.phase === phase);
  const faults = plan.faults.filter((fault) => fault.node === node.name && phaseOfFault(fault) === phase);
  return { node, tests, faults };
}

async function armTest(
  run: PlannedRun,
  life: StepLife,
  order: {
    readonly node: GatheredNode;
    readonly test: PlannedTest;
    readonly t0Ms: number;
    readonly groups: ReadonlyMap<string, string>;
  },
): Promise<void> {
  const { test, t0Ms, groups } = order;
  const { name: node, offsetMs, errorMs } = order.node;
  const { plan } = run;
  const command = commandOf(run);
  const spec = specOf(test, node, groups.get(test.group) ?? '');
  const which = { run: run.run, test: test.test, command };
  await askNode(
    run,
    life,
    { node, what: `${node} prepares ${test.name}` },
    ({ tests }) => tests.createTest.bind(tests),
    { ...which, spec, settleMs: settleOf(plan, test, spec.amount) },
  );
  const startAtMs = t0Ms + test.afterMs;
  await askNode(
    run,
    life,
    { node, what: `${node} arms ${test.name}` },
    ({ tests }) => tests.armTest.bind(tests),
    { ...which, startAtMs, offsetMs, errorMs },
  );
}

function specOf(test: PlannedTest, node: string, group: string): TestSpec {
  const { workload, size, intervalMs, amount, senders } = test;
  const call = workload.type === 'call' ? workload : { method: '', requestJson: '' };
  return {
    type: workload.type,
    group: workload.type === 'call' ? '' : group,
    size,
    intervalMs,
    // who only receives sends nothing
    amount: senders.includes(node) ? amount : 0,
    method: call.method,
    requestJson: call.requestJson,
  };
}

/** A node waits after its own last message until all others have sent, all faults are healed and what was sent had its time. */
function settleOf(plan: Plan, test: PlannedTest, amount: number): number {
  const settle = test.phase === 'control' ? Math.min(plan.settleMs, controlSettleMs) : plan.settleMs;
  const own = amount === 0 ? test.afterMs : lastsMs(test);
  return Math.round(phaseEndMs(plan, test.phase) - own + settle);
}

async function armFault(
  run: PlannedRun,
  life: StepLife,
  order: {
    readonly node: GatheredNode;
    readonly fault: PlannedFault;
    readonly t0Ms: number;
    readonly addresses: Addresses;
    readonly between: FaultsBetween;
  },
): Promise<void> {
  const { fault, t0Ms, addresses, between } = order;
  const { name: node, offsetMs, errorMs } = order.node;
  await askNode(
    run,
    life,
    { node, what: `${node} arms the fault ${fault.fault}` },
    ({ faults }) => faults.armFault.bind(faults),
    {
      run: run.run,
      fault: fault.fault,
      kind: fault.kind,
      atMs: t0Ms + fault.atMs,
      forMs: fault.forMs,
      offsetMs,
      errorMs,
      shape: wireShape(toldShape(fault.shape, node, addresses)),
      others: between.meeting(fault, t0Ms),
      command: commandOf(run),
    },
  );
}
