import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { NodeFault } from '../../../../src/agent/faults/fault.js';
import type { FaultFact } from '../../../../src/agent/faults/fault-fact.js';
import { GateFaults } from '../../../../src/agent/faults/gate-faults.js';
import type { Asked, Injection, Injector } from '../../../../src/agent/faults/injection.js';
import { NodeFaults } from '../../../../src/agent/faults/node-faults.js';
import { loopbackCanaries } from '../../../../src/agent/faults/proof/answer-canary.js';
import { Gate } from '../../../../src/wire/gate.js';
import { testLog } from '../../../support/nats.js';
import { eventually } from '../../../support/processes.js';

/** An agent's way to a server that stands for its hub, with what breaks faults of it. */
async function set(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'postern-proof-'));
  const listening = async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    return port;
  };
  const [hub, daemon] = await Promise.all([listening(), listening()]);
  const gate = new Gate();
  const links = new Set<Socket>();
  /** As an agent does, again after each cut. */
  const dial = async () => {
    const link = gate.enter(connect(hub, '127.0.0.1'));
    links.add(link.on('error', () => {}));
    await once(link, 'connect');
  };
  await dial();
  const notes: string[] = [];
  const opened: NodeFaults[] = [];
  t.after(async () => {
    for (const faults of opened) await faults.stop();
    for (const link of links) link.destroy();
    await rm(directory, { recursive: true, force: true });
  });
  const real = new GateFaults(gate, () => loopbackCanaries('spared', `127.0.0.1:${daemon}`));
  const open = async (inject?: (asked: Asked) => Promise<Injection>): Promise<NodeFaults> => {
    const injector: Injector = {
      ability: (act) => real.ability(act),
      prepare: () => real.prepare(),
      proving: (act) => real.proving(act),
      inject: inject ?? ((asked) => real.inject(asked)),
    };
    const faults = await NodeFaults.open({
      directory,
      node: 'north',
      injector,
      longestMs: 3_600_000,
      undoLeft: async () => ({ atMs: Date.now(), code: 'AGENT_ENDED', message: 'it ended' }),
      forget: async () => {},
      note: async ({ fault }, { phase, proof }: FaultFact) => {
        notes.push([fault, phase, proof?.outcome ?? ''].join(' ').trim());
      },
      publish: () => {},
      log: testLog,
    });
    opened.push(faults);
    return faults;
  };
  return { directory, gate, real, dial, notes, open };
}

const plan = { run: 'r1', fault: 'f1', kind: 'link', atMs: 0, forMs: 3_000, offsetMs: 0, errorMs: 0 };
const over = (fault: NodeFault) =>
  eventually('it is over', () => fault.isOver, { everyMs: 5, timeoutMs: 20_000 });

test('a cut of the way to the hub is proven, told in the journals, and so it is in the next life of the agent', async (t) => {
  const { notes, open } = await set(t);
  const faults = await open();
  const cut = await faults.arm({ ...plan, atMs: Date.now() + 2_500 });
  await over(cut);
  const { outcome, reason, sights = [] } = cut.proof ?? {};
  assert.equal(outcome, 'confirmed', reason);
  const seen = sights.map(({ phase, path, through }) => [
    phase,
    path,
    through > 0 ? 'came through' : 'silent',
  ]);
  assert.deepEqual(
    seen.map((words) => words.join(' ')),
    [
      ...['before affected came through', 'before spared came through'],
      ...['during affected silent', 'during spared came through'],
      ...['after affected came through', 'after spared came through'],
    ],
  );
  assert.deepEqual(notes, ['f1 injected', 'f1 healed', 'f1 proven confirmed']);
  const [again] = (await open()).all('r1');
  assert.deepEqual(again?.proof, cut.proof);
  assert.equal(again?.state, 'healed');
});

test('a fault that something has undone at once is no more than a plan, and so is one that is still there', async (t) => {
  const { gate, real, dial, notes, open } = await set(t);
  const undone = await open(async (asked) => {
    const injection = await real.inject(asked);
    await injection.heal();
    return injection;
  });
  const gone = await undone.arm({ ...plan, atMs: Date.now() + 1_000 });
  await over(gone);
  assert.equal(gone.proof?.outcome, 'mismatch');
  assert.match(
    gone.proof?.reason ?? '',
    /^hub 127\.0\.0\.1:\d+ came through \d+ of \d+ times while it acted, and nothing/,
  );
  await undone.closeRun('r1');
  await dial();
  notes.length = 0;
  const stays = await open(async (asked) => ({
    ...(await real.inject(asked)),
    heal: async () => ({ atMs: Date.now() }),
  }));
  const left = await stays.arm({ ...plan, atMs: Date.now() + 1_000 });
  await over(left);
  assert.equal(left.proof?.outcome, 'mismatch');
  assert.match(left.proof?.reason ?? '', /is not as before after the heal \(a fault has cut the way/);
  assert.deepEqual(notes, ['f1 injected', 'f1 healed', 'f1 proven mismatch']);
  assert.ok(gate.isShut);
});

test('an agent that is gone has proven nothing, and one that stops says so at once', async (t) => {
  const { directory, notes, open } = await set(t);
  const first = await open();
  const cut = await first.arm({ ...plan, atMs: Date.now() + 1_000, forMs: 60_000 });
  await eventually('it acts', () => cut.state === 'injected', { everyMs: 5 });
  // the one that takes it up knows the page alone, as after a kill
  const [next] = (await open()).all('r1');
  assert.ok(next !== undefined);
  await over(next);
  const { outcome, reason, sights = [] } = next.proof ?? {};
  assert.deepEqual([outcome, reason], ['inconclusive', 'the agent ended before it could be proven']);
  assert.ok(sights.some(({ phase, through }) => phase === 'before' && through > 0));
  assert.deepEqual(notes.slice(1), ['f1 healed', 'f1 proven inconclusive']);
  await first.stop();
  assert.match(cut.proof?.reason ?? '', /^the agent was stopped before it could be proven$/);
  const page = JSON.parse(await readFile(join(directory, 'runs/r1/f1.json'), 'utf8'));
  assert.equal(page.proof.outcome, 'inconclusive');
});

test('a page of an agent without canaries is read, and tells that it proves nothing', async (t) => {
  const { directory, notes, open } = await set(t);
  const first = await open();
  const cut = await first.arm({ ...plan, atMs: Date.now(), forMs: 1_500 });
  await over(cut);
  const file = join(directory, 'runs/r1/f1.json');
  const { v, plan: told, past, dropped } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ v, plan: told, past, dropped }));
  notes.length = 0;
  const [old] = (await open()).all('r1');
  assert.equal(old?.state, 'healed');
  assert.deepEqual(old?.proof?.outcome, 'inconclusive');
  assert.match(old?.proof?.reason ?? '', /looked at nothing/);
  assert.deepEqual(notes, []);
});
