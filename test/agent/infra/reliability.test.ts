import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { GateFaults } from '../../../src/agent/faults/gate-faults.js';
import { GuardianLink } from '../../../src/agent/faults/guardian-link.js';
import { HubPlaces } from '../../../src/agent/faults/hub-places.js';
import { Injectors } from '../../../src/agent/faults/injectors.js';
import { KernelFaults } from '../../../src/agent/faults/kernel/kernel-faults.js';
import { NodeFaults } from '../../../src/agent/faults/node-faults.js';
import { outageRun } from '../../../src/agent/faults/plan.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';
import { type DrawnLot, LotOutages } from '../../../src/agent/infra/reliability/lot-outages.js';
import { createLogger } from '../../../src/log.js';
import { Lot } from '../../../src/lot.js';
import { Gate } from '../../../src/wire/gate.js';
import { testLog } from '../../support/nats.js';
import { eventually } from '../../support/processes.js';

/** The lots of 1 in 3 of the node `north` by this seed: the second one hits, and none of the three after it. */
const seed = 's101';
const hits = [false, true, false, false, false];

/** The outages of a node where there is no nft, and what was told of them. */
async function stage(t: TestContext, fixed = seed, log = testLog) {
  const directory = await mkdtemp(join(tmpdir(), 'postern-lots-'));
  await mkdir(join(directory, 'undo'));
  const gate = new Gate();
  const places = new HubPlaces(gate, ['http://192.0.2.1:8080'], () => []);
  const undo = new UndoShelf(join(directory, 'undo'), 'a');
  const guardian = new GuardianLink(undo, testLog);
  const kernel = new KernelFaults({
    ...{ places, undo, guardian, owner: 'K', directories: [], log: testLog },
    target: () => '127.0.0.1:1',
  });
  const facts: string[] = [];
  const happened = new EventEmitter();
  const faults = await NodeFaults.open({
    ...{ directory, node: 'north', publish: () => {}, log: testLog },
    injector: new Injectors({
      kernel: kernel,
      relays: undefined,
      gate: new GateFaults(gate),
      processes: kernel,
    }),
    longestMs: 3_600_000,
    undoLeft: async () => ({ atMs: Date.now() }),
    forget: (name) => undo.forget(name),
    note: async ({ kind, forMs }, { phase, by }) => {
      facts.push(`${kind} ${phase} by ${by} of ${forMs > 0}${gate.isShut ? ': nothing comes through' : ''}`);
      happened.emit(phase);
    },
  });
  const lots: DrawnLot[] = [];
  const told: { to: string; detail: unknown }[] = [];
  const contexts: (Readonly<Record<string, unknown>> | undefined)[] = [];
  const opened: LotOutages[] = [];
  const open = async (): Promise<LotOutages> => {
    const outages = await LotOutages.open({
      ...{
        directory,
        node: 'north',
        boot: 'b1',
        seed: fixed === '' ? undefined : fixed,
        faults,
        log,
      },
      record: (lot) => void lots.push(lot),
      publish: ({ to, detail, context }) => {
        told.push({ to, detail });
        happened.emit(to);
        contexts.push(context);
      },
    });
    opened.push(outages);
    return outages;
  };
  // nothing else here keeps the process alive
  const alive = setInterval(() => {}, 1_000);
  t.after(async () => {
    clearInterval(alive);
    for (const outages of opened) await outages.close();
    await faults.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const page = async () => JSON.parse(await readFile(join(directory, 'reliability.json'), 'utf8'));
  /** Resolves as soon as a state is told, or the phase of a fault is noted, and not when it is looked for the next time. */
  const soon = (what: string) => once(happened, what, { signal: AbortSignal.timeout(60_000) });
  return { directory, gate, faults, facts, lots, told, contexts, open, page, soon };
}

describe('outages by lot', { concurrency: true }, () => {
  test('each draw is the next one of the seed, and one that hits cuts the link until the next draw', async (t) => {
    const { gate, faults, facts, lots, told, open, soon } = await stage(t);
    const lot = new Lot(seed, 'odds', 0, 'north');
    assert.deepEqual(
      hits.map(() => lot.oneIn(3)),
      hits,
    );
    const outages = await open();
    assert.equal(outages.state, 'off');
    const cut = soon('injected');
    await outages.set({ timeoutSeconds: 2, odds: 3 });
    assert.equal(outages.state, 'waiting');
    await cut;
    const [fault] = faults.all(outageRun);
    assert.match(fault?.plan.fault ?? '', /^link-2-[0-9a-z]+$/);
    await eventually('the third lot is drawn', () => lots.length >= 3);
    await eventually('it is over', () => !gate.isShut && fault?.state === 'healed');
    const drawn = lots.slice(0, hits.length).map(({ draw, hit }) => [draw, hit]);
    assert.deepEqual(
      drawn,
      hits.slice(0, drawn.length).map((hit, i) => [i + 1, hit]),
    );
    assert.deepEqual(lots[0], { draw: 1, hit: false, odds: 3, timeoutMs: 2_000, seed });
    assert.deepEqual(facts.slice(0, 3), [
      'link injected by userspace of true: nothing comes through',
      'link healed by userspace of true',
      'link proven by userspace of true',
    ]);
    assert.deepEqual(
      told.slice(0, 6).map(({ to }) => to),
      ['off', 'waiting', 'drawing', 'waiting', 'drawing', 'out'],
    );
    assert.equal(
      told.some(({ detail }) => JSON.stringify(detail)?.includes('"by":"link by userspace"')),
      true,
    );
  });

  test('who switches it off ends an outage at once, and the next agent draws nothing either', async (t) => {
    const { gate, faults, lots, open, page, soon } = await stage(t);
    const outages = await open();
    const cut = soon('injected');
    await outages.set({ timeoutSeconds: 3, odds: 3 });
    await cut;
    assert.equal(gate.isShut, true, 'nothing comes through');
    await outages.set({ timeoutSeconds: 0, odds: 0 });
    assert.deepEqual([outages.state, gate.isShut, faults.all(outageRun)[0]?.state], ['off', false, 'healed']);
    assert.equal((await page()).setting, undefined);
    await outages.close();
    assert.equal((await open()).state, 'off');
    assert.equal(lots.length, 2);
  });

  test('an agent that stops ends an outage, and the next one goes on with the next draw', async (t) => {
    const { gate, lots, open, soon } = await stage(t);
    const outages = await open();
    const cut = soon('injected');
    await outages.set({ timeoutSeconds: 2, odds: 3 });
    await cut;
    await outages.close();
    assert.equal(gate.isShut, false);
    await assert.rejects(outages.set({ timeoutSeconds: 2, odds: 3 }), { code: 'STOPPED' });
    const next = await open();
    assert.equal(next.state, 'waiting');
    await eventually('it goes on', () => lots.length >= 4);
    assert.deepEqual(
      lots.slice(2, 4).map(({ draw, hit }) => [draw, hit]),
      [
        [3, false],
        [4, false],
      ],
    );
  });

  test('the same again changes nothing, and another setting begins anew; what is settled is safe before', async (t) => {
    const { lots, told, open, page } = await stage(t);
    const outages = await open();
    await outages.set({ timeoutSeconds: 1, odds: 3 });
    await eventually('one lot is drawn', () => lots.length >= 1);
    const before = told.length;
    await outages.set({ timeoutSeconds: 1, odds: 3 });
    assert.deepEqual(
      told.slice(before).filter(({ detail }) => JSON.stringify(detail)?.includes('odds')),
      [],
    );
    await outages.set({ timeoutSeconds: 3600, odds: 7 });
    const drawnBefore = lots.length;
    const { setting, drawn } = await page();
    assert.deepEqual([setting.timeoutMs, setting.odds, setting.seed, drawn], [3_600_000, 7, seed, 0]);
    await outages.set({ timeoutSeconds: 1, odds: 3 });
    await eventually('it is drawn again', () => lots.length > drawnBefore);
    assert.equal(lots[drawnBefore]?.draw, 1);
  });

  test('where no seed is given each setting makes one of its own, which is kept', async (t) => {
    const lines: string[] = [];
    const log = createLogger('info', {}, { write: (line) => void lines.push(line) });
    const { open, page, contexts } = await stage(t, '', log);
    const outages = await open();
    const seeds = new Set<string>();
    for (const odds of [2, 3, 4]) {
      await outages.set({ timeoutSeconds: 60, odds });
      seeds.add((await page()).setting.seed);
    }
    assert.equal(seeds.size, 3);
    for (const made of seeds) {
      assert.match(made, /^[\w-]{12}$/);
      assert.ok(
        lines.some((line) => JSON.parse(line).lotsOf === made),
        'the log tells it',
      );
      assert.ok(
        contexts.some((context) => context?.lotsOf === made),
        'whoever looks at the machine sees it',
      );
    }
    await outages.close();
    await open();
    assert.equal(seeds.has((await page()).setting.seed), true);
  });

  test('what cannot be is refused with the reason, and changes nothing', async (t) => {
    const { open, directory } = await stage(t);
    const outages = await open();
    await outages.set({ timeoutSeconds: 60, odds: 2 });
    const mistakes: readonly [timeoutSeconds: number, odds: number, why: RegExp][] = [
      [-1, 10, /^timeout: -1 is no/],
      [60, -10, /^odds: -10 is no/],
      [0, 10, /^timeout: 0 with odds of 10/],
      [60, 1, /^odds: 1 would cut the node off for ever/],
      [3601, 10, /^timeout: .*no more than 3600 seconds/],
      [60, 2 ** 31 + 1, /^odds: \d+ is more than/],
      [1.5, 10, /^timeout: 1.5 is no/],
      [Number.NaN, 10, /^timeout: NaN is no/],
      [2 ** 60, 10, /^timeout/],
    ];
    for (const [timeoutSeconds, odds, message] of mistakes) {
      await assert.rejects(outages.set({ timeoutSeconds, odds }), { code: 'RELIABILITY_INVALID', message });
    }
    assert.equal(outages.state, 'waiting');
    await outages.set({ timeoutSeconds: 60, odds: 0 });
    assert.equal(outages.state, 'off');
    await outages.close();
    await writeFile(join(directory, 'reliability.json'), '{"v":1,"drawn":1e15');
    assert.equal((await open()).state, 'off');
  });
});
