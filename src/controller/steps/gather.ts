import { PosternError } from '../../errors.js';
import type { Node } from '../../gen/postern/v1/nodes.js';
import { ChosenNodes, type KnownNode, nodesMissing } from '../plan/chosen-nodes.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { replayedNodes, replayedPlan } from '../plan/replay.js';
import type { GatheredNode } from '../runs/facts.js';
import { measureClock } from './clock.js';
import { type LoadedRun, nodesAtOnce } from './context.js';
import { checkFaults } from './fault-checks.js';
import { forEach, insist, type StepLife } from './step.js';

const answerMs = 10_000;

/** A node that is there. */
interface PresentNode extends KnownNode {
  readonly labels: Readonly<Record<string, string>>;
  readonly version: string;
}

/**
 * Waits until all nodes are there with daemons that serve, makes the plan, asks them whether they can do what is in it, and
 * measures their clocks. Who takes part is
 * written down, so that the plan stays the same whoever comes or goes from then on.
 */
export async function gather(run: LoadedRun, life: StepLife, seed: string): Promise<Plan> {
  const known = await insist(life, 'what nodes there are', () => run.parts.get('nodes'));
  if (known !== undefined) return planOf(run, known.nodes, known.seed);
  const present = await insist(life, 'gathering nodes', () => presentNodes(run, life));
  const plan = planOf(run, present, seed);
  const members = new Set(plan.groups.flatMap((group) => group.members));
  await forEach([...members], nodesAtOnce, async (name) => {
    await insist(life, `the daemon of ${name}`, () => daemonServes(run, life, name));
  });
  const addresses = await checkFaults(run, life, plan);
  const nodes: GatheredNode[] = [];
  await forEach(present, nodesAtOnce, async ({ name, labels, version }) => {
    const clock = members.has(name) ? await measureClock(run, life, name) : { offsetMs: 0, errorMs: 0 };
    const at = addresses.get(name);
    nodes.push({ name, labels, version, ...clock, ...(at === undefined ? {} : { addresses: [...at] }) });
  });
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  await insist(life, 'writing down the nodes', () => run.parts.put({ k: 'nodes', seed, nodes }));
  return plan;
}

/** The plan of these nodes; a scenario that they do not fit will not fit them later. */
function planOf(run: LoadedRun, nodes: readonly KnownNode[], seed: string): Plan {
  try {
    return replayedPlan(makePlan(run.scenario, nodes, seed), run.replay);
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
  const connected = nodes.filter(({ state }) => state.startsWith('connected.')).map(presentNode);
  const there = run.replay === undefined ? connected : replayedNodes(run.replay, connected);
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
