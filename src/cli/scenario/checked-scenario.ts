import { duration } from '../../controller/plan/duration.js';
import { drawSeed, makePlan } from '../../controller/plan/make-plan.js';
import type { Plan } from '../../controller/plan/plan.js';
import type { ReadOptions } from '../../controller/scenario/read-scenario.js';
import { namedNodes, type Scenario } from '../../controller/scenario/scenario.js';
import { readScenarioFile } from './scenario-file.js';

/** A scenario that can be run, and what a run of it would do. */
export interface CheckedScenario {
  readonly file: string;
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly seedDrawn: boolean;
  readonly durationMs: number;
  /**
   * Entries of nodes and faults of which labels decide which nodes they are about: in the plan these are named after the
   * entry, and such a fault hits all that it may.
   */
  readonly standIns: readonly string[];
}

/** Reads a scenario and plans it, with few nodes. Throws `SCENARIO_INVALID` (exit status 2). */
export async function checkScenario(
  file: string,
  options: ReadOptions & { readonly seed?: string | undefined },
): Promise<CheckedScenario> {
  const scenario = await readScenarioFile(file, options);
  const seed = options.seed ?? scenario.seed;
  const planned = { ...scenario, nodes: scenario.nodes.map(named), faults: scenario.faults.map(unlabelled) };
  const plan = makePlan(planned, namedNodes(planned), seed ?? drawSeed());
  return {
    file,
    scenario,
    plan,
    seedDrawn: seed === undefined,
    durationMs: duration(plan),
    standIns: [
      ...scenario.nodes.flatMap(({ entry, select }) => (select === undefined ? [] : [entry])),
      ...scenario.faults.flatMap(({ path, nodes }) => (nodes.labels === undefined ? [] : [path])),
    ],
  };
}

/** Without a hub nobody knows which nodes have which labels. */
function named(node: Scenario['nodes'][number]): Scenario['nodes'][number] {
  const { select, ...rest } = node;
  if (select === undefined) return node;
  const names = Array.from({ length: Math.max(2, select.min) }, (_, i) => `${node.entry}-${i + 1}`);
  return { ...rest, names };
}

function unlabelled(fault: Scenario['faults'][number]): Scenario['faults'][number] {
  const { labels: _, ...nodes } = fault.nodes;
  return { ...fault, nodes };
}
