import { PosternError } from '../../errors.js';
import type { Scenario, ScenarioGroup } from '../scenario/scenario.js';
import type { ChosenNodes } from './chosen-nodes.js';
import type { PlannedGroup, PlannedTest } from './plan.js';

/** Members of all groups together: the keys of more do not fit into one message of the bus, of 1 MiB. */
const mostMembers = 5_000;

/** The groups with their members. Throws `GROUP_TOO_SMALL` where labels gave too few, and `PLAN_TOO_LARGE`. */
export function planGroups({ groups }: Scenario, nodes: ChosenNodes): PlannedGroup[] {
  const planned = groups.map((group) => {
    const members = nodes.of(group.members);
    const messages = group.tests.some(({ workload }) => workload.type !== 'call');
    if (members.length < (messages ? 2 : 1)) {
      throw new PosternError(
        'GROUP_TOO_SMALL',
        `groups.${group.name}: ${members.length === 0 ? 'no node is' : `only ${members.join()} is`} a member`,
        { hint: 'a group in which messages are sent needs two; raise min of the nodes with labels' },
      );
    }
    return { name: group.name, members };
  });
  const all = planned.reduce((sum, { members }) => sum + members.length, 0);
  if (all > mostMembers) {
    throw new PosternError(
      'PLAN_TOO_LARGE',
      `the groups have ${all} members together: at most ${mostMembers} are possible`,
      { hint: 'put several tests into one group', exitCode: 2 },
    );
  }
  return planned;
}

/** The tests of the main phase, and before them the same ones, shorter, without faults. */
export function planTests(scenario: Scenario, nodes: ChosenNodes): PlannedTest[] {
  const main = scenario.groups.flatMap((group) => testsOf(group, nodes));
  const { control } = scenario;
  if (control === false) return main;
  const short = main.map(
    (test): PlannedTest => ({
      ...test,
      test: `control_${test.test}`,
      phase: 'control',
      intervalMs: control.intervalMs,
      amount: Math.min(control.amount, test.amount),
      afterMs: 0,
    }),
  );
  return [...short, ...main];
}

function testsOf({ name: group, members, tests }: ScenarioGroup, nodes: ChosenNodes): PlannedTest[] {
  return tests.map(({ name, workload, size, intervalMs, amount, afterMs, senders }) => ({
    // No name holds `_`: each pair is another token.
    test: `${group}_${name}`,
    name,
    group,
    phase: 'main',
    workload,
    size,
    intervalMs,
    amount,
    afterMs,
    senders: nodes.of(senders ?? members),
  }));
}
