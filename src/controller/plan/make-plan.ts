import { createHash, randomInt } from 'node:crypto';
import type { Scenario } from '../scenario/scenario.js';
import { ChosenNodes, type KnownNode, nodesMissing } from './chosen-nodes.js';
import { phaseEndMs } from './duration.js';
import type { Plan } from './plan.js';
import { planFaults } from './plan-faults.js';
import { planGroups, planTests } from './plan-tests.js';

/**
 * The plan of a run. The same scenario, nodes and seed give the same plan, in whatever order the nodes are named. Nodes
 * that no entry of the scenario is about do not count. Throws `NODES_MISSING`, `GROUP_TOO_SMALL` or `PLAN_TOO_LARGE`.
 */
export function makePlan(scenario: Scenario, nodes: readonly (KnownNode | string)[], seed: string): Plan {
  const chosen = new ChosenNodes(scenario, nodes);
  if (chosen.lacking.length > 0) throw nodesMissing(chosen.lacking);
  const groups = planGroups(scenario, chosen);
  const tests = planTests(scenario, chosen);
  const lastSendMs = phaseEndMs({ tests, faults: [] }, 'main');
  const plan: Omit<Plan, 'hash'> = {
    v: 1,
    scenario: scenario.name,
    seed,
    nodes: chosen.all,
    groups,
    tests,
    faults: planFaults(scenario.faults, chosen, lastSendMs, seed),
    leadMs: scenario.armMs,
    settleMs: scenario.settleMs,
    patience: scenario.patience,
    rules: scenario.rules,
  };
  return { ...plan, hash: planHash(plan) };
}

/** SHA-256 over the JSON of a plan without its hash, with the keys of all maps sorted, in hexadecimal digits. */
export function planHash(plan: Omit<Plan, 'hash'> | Plan): string {
  const text = JSON.stringify({ ...plan, hash: undefined }, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('hex');
}

/** A seed for a run that was given none. */
export function drawSeed(): string {
  return String(randomInt(1, 2 ** 47));
}
