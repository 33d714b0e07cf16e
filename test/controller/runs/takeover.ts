import assert from 'node:assert/strict';
import type { RunEntry } from '../../../src/bus/run-messages.js';
import { type ControllerProcess, Rehearsal } from './controllers.js';

/** Three nodes, one group, messages for a second before and a second with everything. */
export const scenario = `
name: takeover
seed: 1
nodes: {north: {}, east: {}, south: {}}
groups:
  chat:
    members: [north, east, south]
    tests:
      ping: {type: text, size: 200B, interval: 100ms, amount: 10}
control: {amount: 5, interval: 100ms}
arm: 500ms
settle: 1s
`;

/** The same, and one node is cut off while all join. */
export const disturbed = `${scenario}faults:
  - {kind: link, nodes: south, during: joining, at: 100ms, for: 4s}
`;

/** What the nodes must have done in a run, whoever conducted it: each thing once. */
const doneOnce = [
  ...['north', 'east', 'south'].flatMap((node) =>
    ['control_chat_ping', 'chat_ping'].flatMap((test) => [`${node} creates ${test}`, `${node} arms ${test}`]),
  ),
].sort();

/** The states in which a controller does something, with the method of nodes that can be held up in it. */
export const held: Readonly<Record<string, string>> = {
  gathering: 'getDaemon',
  grouping: 'joinGroup',
  readying: 'awaitReady',
  'control.arming': 'armTest',
  'control.running': '',
  'control.settling': '',
  'main.arming': 'armTest',
  'main.running': '',
  'main.settling': '',
  collecting: '',
};

/** The same, where joining is disturbed. */
export const heldWhileDisturbed: Readonly<Record<string, string>> = {
  arming: 'armFault',
  grouping: 'joinGroup',
  readying: 'awaitReady',
  healing: '',
};

/** Two controllers, nodes that can be held up, and a run that the first one conducts until it is in some state. */
export async function runUntil(
  state: string,
  text = scenario,
): Promise<{
  rehearsal: Rehearsal;
  first: ControllerProcess;
  second: ControllerProcess;
  entry: RunEntry;
  /** Nodes are held up no more. */
  release: () => void;
}> {
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const method = text === disturbed ? heldWhileDisturbed[state] : held[state];
  let phase = '';
  const rehearsal = await Rehearsal.open(['north', 'east', 'south'], {
    before: async (node, called) => {
      if (node === 'south' && called === method && phase !== 'over' && state.startsWith(phase))
        await released;
    },
  });
  const [first, second] = [await rehearsal.controller(), await rehearsal.controller()];
  // both phases have tests to be armed: only those of the state's own are held up
  phase = state.startsWith('main') ? 'over' : '';
  await first.start('r1', text);
  if (phase === 'over') {
    await rehearsal.reached('r1', 'control.running');
    phase = '';
  }
  const entry = await rehearsal.reached('r1', state);
  return {
    rehearsal,
    first,
    second,
    entry,
    release: () => {
      phase = 'over';
      release();
    },
  };
}

/** Fails where the run has not ended well, or something was done twice or otherwise than before. */
export async function assertWell(
  rehearsal: Rehearsal,
  before: RunEntry,
  controller: ControllerProcess,
): Promise<RunEntry> {
  const ended = await rehearsal.ended('r1');
  const told = JSON.stringify(ended);
  assert.equal(ended.verdict, 'pass', told);
  assert.deepEqual(ended.events.slice(0, before.events.length), before.events, 'what had happened stays');
  const isDisturbed = ended.events.some((event) => event.type === 'HEALED');
  const done = rehearsal.fleet.done();
  assert.deepEqual(
    done.filter((what) => !what.includes('makes')),
    isDisturbed ? [...doneOnce, 'south arms link-1-south'].sort() : doneOnce,
  );
  assert.deepEqual(
    done.filter((what) => what.includes('makes')),
    ['north makes chat'],
  );
  const report: unknown = JSON.parse(await controller.report('r1'));
  assert.ok(report instanceof Object && 'totals' in report && report.totals instanceof Object);
  const { totals } = report;
  assert.ok('delivered' in totals && 'expected' in totals && 'lost' in totals);
  assert.deepEqual([totals.delivered, totals.expected, totals.lost], [90, 90, 0]);
  if (isDisturbed) assertDisturbed(ended, report);
  return ended;
}

/** Fails where the fault did not come by the T0 of joining, or the tests began before it was over. */
function assertDisturbed({ events, phases }: RunEntry, report: object): void {
  const chosen = events.flatMap((event) => (event.type === 'T0_CHOSEN' ? [event] : []));
  assert.deepEqual(
    chosen.map(({ phase }) => phase),
    ['joining', 'control', 'main'],
  );
  const t0Ms = chosen[0]?.t0Ms ?? 0;
  const begunMs = phases.find(({ state }) => state === 'control.arming')?.sinceMs ?? 0;
  assert.ok(begunMs >= t0Ms + 4_100, `it was over at ${t0Ms + 4_100}, the tests began at ${begunMs}`);
  assert.ok('faults' in report && Array.isArray(report.faults));
  const [fault] = report.faults;
  assert.deepEqual(
    [fault.fault, fault.proof, fault.plannedFromMs, fault.plannedToMs],
    ['link-1-south', 'confirmed', t0Ms + 100, t0Ms + 4_100],
  );
}
