import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FaultFact } from '../../../src/agent/faults/fault-fact.js';
import { GateFaults } from '../../../src/agent/faults/gate-faults.js';
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { HubPlaces } from '../../../src/agent/faults/hub-places.js';
import { Injectors } from '../../../src/agent/faults/injectors.js';
import { KernelFaults } from '../../../src/agent/faults/kernel/kernel-faults.js';
import { NodeFaults } from '../../../src/agent/faults/node-faults.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { Gate } from '../../../src/wire/gate.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

const plan = { run: 'r1', fault: 'f1', kind: 'link', atMs: 0, forMs: 1_500, offsetMs: 0, errorMs: 0 };

/** Faults of the network of a node where there is no nft, and what they noted. */
async function set(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'postern-faults-'));
  await mkdir(join(directory, 'undo'));
  const gate = new Gate();
  const places = new HubPlaces(gate, ['http://192.0.2.1:8080'], () => []);
  const undo = new UndoShelf(join(directory, 'undo'), 'a');
  const guardian = new GuardianLink(undo, testLog);
  const kernel = new KernelFaults({
    ...{ places, undo, guardian, owner: 'K', directories: [], log: testLog },
    target: () => '127.0.0.1:1',
  });
  const notes: string[] = [];
  /** Whether nothing came through when a fault was said to act. */
  const wasShut = new Set<boolean>();
  const opened: NodeFaults[] = [];
  t.after(async () => {
    for (const faults of opened) await faults.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const open = async (): Promise<NodeFaults> => {
    const faults = await NodeFaults.open({
      directory,
      node: 'north',
      injector: new Injectors({
        kernel: kernel,
        relays: undefined,
        gate: new GateFaults(gate),
        processes: kernel,
      }),
      longestMs: 3_600_000,
      undoLeft: async () => ({ atMs: Date.now(), code: 'AGENT_ENDED', message: 'it ended' }),
      forget: (name) => undo.forget(name),
      note: async ({ fault }, { phase, by, why }: FaultFact) => {
        notes.push([fault, phase, by, why?.code ?? ''].join(' ').trim());
        if (phase === 'injected') wasShut.add(gate.isShut);
      },
      publish: () => {},
      log: testLog,
    });
    opened.push(faults);
    return faults;
  };
  return { directory, gate, notes, wasShut, open };
}

test('without nft the link is cut in userspace, and a cut from the peers is refused at once, with its reason', async (t) => {
  const { gate, notes, wasShut, open } = await set(t);
  const faults = await open();
  const refused = await faults.arm({ ...plan, fault: 'f2', kind: 'peers', atMs: Date.now() + 60_000 });
  assert.equal(refused.state, 'refused');
  assert.deepEqual(refused.snapshot().context.why?.code, 'UNSUPPORTED');
  assert.match(refused.snapshot().context.why?.message ?? '', /nft was not found/);
  const cut = await faults.arm({ ...plan, atMs: Date.now() });
  await eventually('it is healed', () => cut.state === 'healed', { everyMs: 20 });
  assert.deepEqual([...wasShut, gate.isShut], [true, false]);
  assert.deepEqual(notes, [
    'f2 refused  UNSUPPORTED',
    ...['injected', 'healed', 'proven'].map((phase) => `f1 ${phase} userspace`),
  ]);
});

test('times are those of whoever asks, moved by the offset of the clocks', async (t) => {
  const { open } = await set(t);
  const faults = await open();
  const offsetMs = 3_600_000;
  const cut = await faults.arm({ ...plan, atMs: Date.now() + offsetMs + 50, offsetMs });
  await eventually('it is healed', () => cut.state === 'healed', { everyMs: 20 });
  const { injectedAtMs = 0 } = cut.snapshot().context;
  assert.ok(injectedAtMs >= cut.plan.atMs - offsetMs && injectedAtMs < cut.plan.atMs - offsetMs + 3_000);
});

test('faults are what they were after a restart, whatever they were; what cannot be read stays where it is', async (t) => {
  const { directory, notes, open } = await set(t);
  const before = await open();
  await before.arm({ ...plan, fault: 'past', atMs: Date.now() - 1_600 });
  await before.arm({ ...plan, fault: 'done', atMs: Date.now() });
  await before.arm({ ...plan, fault: 'next', atMs: Date.now() + 3_600_000 });
  await before.arm({ ...plan, fault: 'back', atMs: Date.now() + 3_600_000 });
  await before.heal('r1', 'back');
  await eventually('one is done', () => before.all('r1').some(({ state }) => state === 'healed'));
  const acting = await before.arm({ ...plan, fault: 'acts', atMs: Date.now(), forMs: 60_000 });
  await eventually('one acts', () => acting.state === 'injected');
  await writeFile(join(directory, 'runs/r1/odd.json'), '{');
  notes.length = 0;
  const after = await open();
  await eventually(
    'what acted is undone, and looked at',
    () => after.all('r1').find(({ plan: { fault } }) => fault === 'acts')?.isOver,
  );
  const states = Object.fromEntries(after.all('').map(({ plan: { fault }, state }) => [fault, state]));
  assert.deepEqual(states, {
    ...{ past: 'missed', done: 'healed', next: 'waiting', back: 'cancelled', acts: 'healed' },
  });
  assert.deepEqual(notes, ['acts healed userspace AGENT_ENDED', 'acts proven userspace']);
  assert.equal(
    await after.arm({ ...plan, fault: 'done', atMs: after.all('')[1]?.plan.atMs }),
    after.all('')[1],
  );
  assert.ok((await readdir(join(directory, 'runs/r1'))).includes('odd.json'));
  await after.closeRun('r1');
  assert.deepEqual([after.all(''), await readdir(join(directory, 'runs'))], [[], []]);
});
