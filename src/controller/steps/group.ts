import type { Member } from '../../gen/postern/v1/tests.js';
import type { Plan } from '../plan/plan.js';
import type { MadeGroup } from '../runs/facts.js';
import { askNode, commandOf, nodesAtOnce, type PlannedRun } from './context.js';
import { forEach, insist, type StepLife } from './step.js';

type PlannedGroup = Plan['groups'][number];
type MadeMember = MadeGroup['members'][number];

/** The groups that have been made, in the order of the plan. */
export async function madeGroups(run: PlannedRun, life: StepLife): Promise<readonly MadeGroup[]> {
  const part = await insist(life, 'what groups there are', () => run.parts.get('groups'));
  return part?.groups ?? [];
}

/** The first member of each group makes it, the others join. What was made before is made use of. */
export async function formGroups(run: PlannedRun, life: StepLife): Promise<void> {
  const made = [...(await madeGroups(run, life))];
  for (const group of run.plan.groups) {
    if (made.some(({ name }) => name === group.name)) continue;
    made.push(await formGroup(run, life, group));
    await insist(life, 'writing down the groups', () => run.parts.put({ k: 'groups', groups: made }));
  }
}

async function formGroup(run: PlannedRun, life: StepLife, group: PlannedGroup): Promise<MadeGroup> {
  const { name, members: nodes } = group;
  const command = commandOf(run);
  const [first = '', ...others] = nodes;
  const { group: id, member } = await askNode(
    run,
    life,
    { node: first, what: `${first} makes the group ${name}` },
    ({ tests }) => tests.createGroup.bind(tests),
    { name, command },
  );
  const { invite } = await askNode(
    run,
    life,
    { node: first, what: `${first} invites into ${name}` },
    ({ tests }) => tests.createInvite.bind(tests),
    { group: id, name, command },
  );
  const members = new Map<string, MadeMember>([[first, memberOf(first, member)]]);
  await forEach(others, nodesAtOnce, async (node) => {
    const joined = await askNode(
      run,
      life,
      { node, what: `${node} joins ${name}` },
      ({ tests }) => tests.joinGroup.bind(tests),
      { invite, command },
    );
    members.set(node, memberOf(node, joined.member));
  });
  life.trouble(undefined);
  return {
    name,
    id,
    invite: Buffer.from(invite).toString('base64'),
    members: nodes.flatMap((node) => members.get(node) ?? []),
  };
}

function memberOf(node: string, member: Member | undefined): MadeMember {
  return { node, member: member?.member ?? '', device: member?.device ?? '' };
}

/** Waits until every member of each group can read every other one. */
export async function awaitReady(run: PlannedRun, life: StepLife): Promise<void> {
  const command = commandOf(run);
  for (const { name, id, members } of await madeGroups(run, life)) {
    await forEach(members, nodesAtOnce, async (reader) => {
      for (const writer of members) {
        if (writer.node === reader.node) continue;
        await askNode(
          run,
          life,
          { node: reader.node, what: `${reader.node} can read what ${writer.node} writes into ${name}` },
          ({ tests }) => tests.awaitReady.bind(tests),
          { group: id, writer: { member: writer.member, device: writer.device }, command },
        );
      }
    });
  }
  life.trouble(undefined);
}
