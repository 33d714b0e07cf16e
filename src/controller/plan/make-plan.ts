import { createHash, randomInt } from 'node:crypto';
import type { Scenario } from '../scenario/scenario.js';
import { ChosenNodes, type KnownNode, nodesMissing } from './chosen-nodes.js';
import { refuseClashes } from './clashes.js';
import { phaseEndMs } from './duration.js';
import type { Plan } from './plan.js';
import { planFaults } from './plan-faults.js';
import { planGroups, planTests } from './plan-tests.js';

/**
 * The plan of a run. The same scenario, nodes and seed give the same plan, in whatever order the nodes are named. Nodes
 * that no entry of the scenario is about do not count. Throws `NODES_MISSING`, `GROUP_TOO_SMALL`, `PLAN_TOO_LARGE`,
 * `FAULT_IMPOSSIBLE` or `FAULTS_CLASH`.
 */
export function makePlan(scenario: Scenario, nodes: readonly (KnownNode | string)[], seed: string): Plan {
  const plan = uncheckedPlan(scenario, nodes, seed);
  refuseClashes(plan.faults);
  return plan;
}

/**
 * The plan that was made before of the same; undefined where another one is made now. Plans of releases before this one,
 * with what they did not refuse, are made as they were.
 */
export function planAgain(
  scenario: Scenario,
  nodes: readonly (KnownNode | string)[],
  { seed, hash }: { readonly seed: string; readonly hash: string | undefined },
): Plan | undefined {
  const plan = uncheckedPlan(scenario, nodes, seed);
  if (hash === undefined || plan.hash === hash) return plan;
  const faults = plan.faults.map((fault) => ({ ...fault, shape: { ...fault.shape, seed: '' } }));
  const earlier: Plan = { ...plan, v: 1, faults };
  return planHash(earlier) === hash ? { ...earlier, hash } : undefined;
}

/** The same as `makePlan`, without `FAULTS_CLASH`: of a run that is over, or whose faults are put into the place of these. */
export function uncheckedPlan(
  scenario: Scenario,
  nodes: readonly (KnownNode | string)[],
  seed: string,
): Plan {
  const chosen = new ChosenNodes(scenario, nodes);
  if (chosen.lacking.length > 0) throw nodesMissing(chosen.lacking);
  const groups = planGroups(scenario, chosen);
  const tests = planTests(scenario, chosen);
  const lastSendMs = phaseEndMs({ tests, faults: [] }, 'main');
  const plan: Omit<Plan, 'hash'> = {
    v: 2,
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

/**
 * SHA-256 over the JSON of a plan without its hash, with the keys of all maps sorted, in hexadecimal digits. Of a plan with
 * `v: 1`, `shape` and `during` of its faults are left out.
 */
export function planHash(plan: Omit<Plan, 'hash'> | Plan): string {
  const faults = plan.v === 1 ? plan.faults.map(({ shape: _, during: __, ...fault }) => fault) : plan.faults;
  const text = JSON.stringify({ ...plan, faults, hash: undefined }, (_key, value: unknown) =>
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
