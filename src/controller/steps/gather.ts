import { PosternError } from '../../errors.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import { ChosenNodes, type KnownNode, nodesMissing } from '../plan/chosen-nodes.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import type { GatheredNode } from '../runs/facts.js';
import { measureClock } from './clock.js';
import { askNode, type LoadedRun, nodesAtOnce } from './context.js';
import { forEach, insist, type StepLife } from './step.js';

const answerMs = 10_000;

/** A node that is there. */
interface PresentNode extends KnownNode {
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
}

/**
 * Waits until all nodes are there with daemons that serve, measures their clocks and makes the plan. Who takes part is
 * written down, so that the plan stays the same whoever comes or goes from then on.
 */
export async function gather(run: LoadedRun, life: StepLife, seed: string): Promise<Plan> {
  const known = await insist(life, 'what nodes there are', () => run.parts.get('nodes'));
  if (known !== undefined) return planOf(run, known.nodes, known.seed);
  const present = await insist(life, 'gathering nodes', () => presentNodes(run, life));
  const plan = planOf(run, present, seed);
  const nodes: GatheredNode[] = [];
  await forEach(present, nodesAtOnce, async ({ name, labels, version }) => {
    const member = plan.groups.some(({ members }) => members.includes(name));
    if (member) await insist(life, `the daemon of ${name}`, () => daemonServes(run, life, name));
    await checkFaults(run, life, plan, name);
    const clock = member ? await measureClock(run, life, name) : { offsetMs: 0, errorMs: 0 };
    nodes.push({ name, labels, version, ...clock });
  });
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  await insist(life, 'writing down the nodes', () => run.parts.put({ k: 'nodes', seed, nodes }));
  return plan;
}

/** The plan of these nodes; a scenario that they do not fit will not fit them later. */
function planOf(run: LoadedRun, nodes: readonly KnownNode[], seed: string): Plan {
  try {
    return makePlan(run.scenario, nodes, seed);
  } catch (thrown) {
    if (!(thrown instanceof PosternError)) throw thrown;
    throw new PosternError('STEP_IMPOSSIBLE', thrown.message, { cause: thrown });
  }
}

/** The nodes that the scenario is about. Throws `NODES_MISSING`. */
async function presentNodes(run: LoadedRun, { signal }: StepLife): Promise<readonly PresentNode[]> {
  const { nodes } = await run.calls.ask(
    undefined,
    ({ nodes: client }) => client.listNodes.bind(client),
    { name: '' },
    { signal, withinMs: answerMs },
  );
  const there = nodes.filter(({ state }) => state.startsWith('connected.')).map(presentNode);
  const chosen = new ChosenNodes(run.scenario, there);
  if (chosen.lacking.length > 0) throw nodesMissing(chosen.lacking);
  const taken = new Set(chosen.all);
  return there.filter(({ name }) => taken.has(name));
}

function presentNode({ name, labels, instances }: Node): PresentNode {
  return { name, labels, version: instances[0]?.version ?? '' };
}

async function daemonServes(run: LoadedRun, { signal }: StepLife, node: string): Promise<void> {
  const daemon = await run.calls.ask(
    node,
    ({ tests }) => tests.getDaemon.bind(tests),
    {},
    { signal, withinMs: answerMs },
  );
  if (daemon.state === 'serving') return;
  const why = daemon.error === '' ? '' : `: ${daemon.error}`;
  throw new PosternError('DAEMON_AWAY', `the daemon at ${daemon.target} is ${daemon.state}${why}`);
}

/** A fault that a node cannot make is told before anything has begun. */
async function checkFaults(run: LoadedRun, life: StepLife, plan: Plan, node: string): Promise<void> {
  const kinds = new Set(plan.faults.filter((fault) => fault.node === node).map(({ kind }) => kind));
  if (kinds.size === 0) return;
  const { kinds: able } = await askNode(
    run,
    life,
    { node, what: `what faults ${node} can make` },
    ({ faults }) => faults.getFaultCapabilities.bind(faults),
    {},
  );
  for (const kind of kinds) {
    const found = able.find((one) => one.kind === kind);
    if (found !== undefined && found.by !== '') continue;
    const why = found?.reason ?? 'its agent does not know it';
    throw new PosternError('STEP_IMPOSSIBLE', `${node} cannot make the fault ${kind}: ${why}`);
  }
}
