import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { CutDirection, CutScope } from '../../src/lab/cuts.js';
import { LabStage, withoutLab } from '../support/lab/stage.js';
import { eventually, type RunningProcess } from '../support/processes.js';

const missing = await withoutLab();
const port = 4000;

describe('cuts in a lab', { skip: missing }, () => {
  let stage: LabStage;
  /** What answers, by machine, and what asks it, from `cellar` and from `attic`. */
  const answering = new Map<string, RunningProcess>();
  const asking = new Map<string, RunningProcess>();

  before(async () => {
    stage = await LabStage.open({ nodes: { cellar: {}, attic: {}, relay: { public: true } } });
    const hosts = ['hub', 'relay'];
    await Promise.all(hosts.map(async (host) => answering.set(host, await stage.echo(host, port))));
    const pairs = hosts.flatMap((host) => ['cellar', 'attic'].map((node) => [node, host] as const));
    await Promise.all(
      pairs.map(async ([node, host]) =>
        asking.set(`${node} ${host}`, await stage.ask(node, 'udp', host, port)),
      ),
    );
  });
  after(() => stage.close());
  // What a test that failed has left must not fail the next one.
  afterEach(async () => {
    for (const { host } of await stage.lab.cuts()) await stage.lab.heal(host);
  });

  /** How many datagrams of a node a machine has got, and how many answers came back. */
  const counts = (node: string, host: string): { got: number; back: number } => ({
    got:
      answering
        .get(host)
        ?.lines()
        .filter((line) => line.startsWith(`${stage.lab.address(node)} `)).length ?? 0,
    back: asking.get(`${node} ${host}`)?.lines().length ?? 0,
  });

  /**
   * What gets through from now on, told by what happens, not by what does not happen in some time: answers come back; or
   * packets are dropped on their way back; or they are dropped on their way out, and nothing arrives meanwhile.
   */
  const through = async (node: string, host: string): Promise<{ out: boolean; back: boolean }> => {
    const kind = host === 'hub' ? 'hub' : 'peers';
    const dropped = async (): Promise<{ out: number; in: number }> => {
      const sums = { out: 0, in: 0 };
      for (const cut of await stage.lab.cuts()) {
        if (cut.host === node && [kind, host].includes(cut.from)) sums[cut.direction] += cut.dropped;
      }
      return sums;
    };
    const begun = { ...counts(node, host), drops: await dropped() };
    let last = { got: -1, out: begun.drops.out };
    return eventually(
      `${node} and ${host} meet, or do not`,
      async () => {
        const drops = await dropped();
        const { got, back } = counts(node, host);
        if (back >= begun.back + 3) return { out: true, back: true };
        if (drops.in >= begun.drops.in + 3 && got >= begun.got + 3) return { out: true, back: false };
        if (drops.out < last.out + 3) return undefined;
        if (got === last.got) return { out: false, back: false };
        last = { got, out: drops.out };
        return undefined;
      },
      { everyMs: 20 },
    );
  };
  const open = { out: true, back: true };
  const unheard = { out: true, back: false };
  const mute = { out: false, back: false };

  const table: [scope: CutScope, direction: CutDirection, hub: object, relay: object][] = [
    ['hub', 'out', mute, open],
    ['hub', 'in', unheard, open],
    ['hub', 'both', mute, open],
    ['peers', 'out', open, mute],
    ['peers', 'in', open, unheard],
    ['peers', 'both', open, mute],
    ['all', 'out', mute, mute],
    ['all', 'in', unheard, unheard],
    ['all', 'both', mute, mute],
  ];
  for (const [scope, direction, hub, relay] of table) {
    test(`a cut from ${scope}, ${direction}, drops that and nothing else, until it is healed`, async () => {
      await stage.lab.cut('cellar', { scope, direction });
      const pairs = [
        ['cellar', 'hub'],
        ['cellar', 'relay'],
        ['attic', 'hub'],
        ['attic', 'relay'],
      ] as const;
      const all = (): Promise<object[]> => Promise.all(pairs.map(([node, host]) => through(node, host)));
      assert.deepEqual(await all(), [hub, relay, open, open]);
      await stage.lab.heal('cellar');
      assert.deepEqual(await stage.lab.cuts(), []);
      assert.deepEqual(await all(), [open, open, open, open]);
    });
  }

  test('two machines are cut from each other, in one direction or both, and from nobody else', async () => {
    await stage.lab.cut('relay', { from: 'cellar', direction: 'out' });
    assert.deepEqual(await through('cellar', 'relay'), unheard);
    assert.deepEqual(await through('attic', 'relay'), open);
    await stage.lab.heal('cellar', { from: 'relay', direction: 'in' });
    await stage.lab.cut('cellar', { from: 'hub' });
    assert.deepEqual(await through('cellar', 'relay'), open);
    assert.deepEqual(await through('cellar', 'hub'), mute);
    await stage.lab.heal('hub');
    assert.deepEqual(await stage.lab.cuts(), []);
    assert.deepEqual(await through('cellar', 'hub'), open);
  });

  test("the hub's machine is cut from everything, also from what stays open otherwise", async () => {
    await stage.lab.cut('hub', { direction: 'in' });
    // what was under way may come yet
    let last = { got: -1, dropped: 0 };
    await eventually('packets are dropped, and none comes', async () => {
      const cuts = (await stage.lab.cuts()).filter(({ host }) => host === 'hub');
      const dropped = cuts.reduce((sum, cut) => sum + cut.dropped, 0);
      if (dropped < last.dropped + 6) return false;
      const { got } = counts('attic', 'hub');
      const isQuiet = got === last.got;
      last = { got, dropped };
      return isQuiet;
    });
    await stage.lab.heal('hub');
    assert.deepEqual(await through('attic', 'hub'), open);
  });

  test('a later cut takes the place of an earlier one of its kind, and beside others each has its own end', async () => {
    const left = async (): Promise<Record<string, unknown>> =>
      Object.fromEntries(
        (await stage.lab.cuts()).map((cut) => [`${cut.from} ${cut.direction}`, cut.leftSeconds ?? 'stays']),
      );
    await stage.lab.cut('cellar', { scope: 'hub' });
    await stage.lab.cut('cellar', { scope: 'peers', forMs: 200_000, direction: 'in' });
    assert.deepEqual(Object.keys(await left()).sort(), ['hub in', 'hub out', 'peers in']);
    await stage.lab.cut('cellar', { scope: 'hub', forMs: 100_000 });
    const timed = Object.values(await left()).map((seconds) => Math.ceil(Number(seconds) / 100));
    assert.deepEqual(timed.sort(), [1, 1, 2], 'in hundreds of seconds');
    await stage.lab.cut('cellar', { scope: 'hub' });
    assert.equal((await left())['hub out'], 'stays');
    await stage.lab.cut('cellar', { scope: 'hub', forMs: 400 });
    await eventually('that one has ended', async () => !('hub out' in (await left())));
    await stage.lab.heal('cellar', { scope: 'hub' });
    assert.deepEqual(Object.keys(await left()), ['peers in']);
    await stage.lab.heal('cellar');
    await stage.lab.heal('cellar');
    assert.deepEqual(await left(), {});
  });

  test('a TCP connection stalls during a cut, and goes on after it, with nothing lost and in order', async () => {
    const asker = await stage.ask('cellar', 'tcp', 'hub', port);
    const numbers = (): number[] => asker.lines().slice(1).map(Number);
    await eventually('it goes', () => numbers().length > 5);
    await stage.lab.cut('cellar', { scope: 'hub' });
    // what was under way may come yet
    let last = { came: -1, dropped: 0 };
    const stalled = await eventually('it stalls', async () => {
      const dropped = (await stage.lab.cuts()).reduce((sum, cut) => sum + cut.dropped, 0);
      if (dropped < last.dropped + 3) return false;
      const came = numbers().length;
      const isQuiet = came === last.came;
      last = { came, dropped };
      return isQuiet && came;
    });
    await stage.dial('attic', 'hub', port);
    assert.equal(numbers().length, stalled, 'nothing came meanwhile');
    await stage.lab.heal('cellar');
    await eventually('it goes on', () => numbers().length > stalled + 20);
    assert.deepEqual(
      numbers(),
      numbers().map((_, i) => i + 1),
    );
    assert.ok(!asker.lines().some((line) => line.startsWith('failed')));
  });

  test('a cut that makes no sense is refused, and says why', async () => {
    for (const [host, options, why] of [
      ['hub', { scope: 'hub' }, /from all, or from one machine/],
      ['cellar', { scope: 'hub', from: 'attic' }, /a scope, or one machine/],
      ['cellar', { from: 'cellar' }, /from itself/],
      ['cellar', { forMs: 5 }, /100 milliseconds to 30 days/],
      ['cellar', { forMs: Number.NaN }, /100 milliseconds to 30 days/],
      ['cellar', { from: 'garage' }, /no machine 'garage'/],
      ['internet', {}, /no machine 'internet'/],
    ] as const) {
      await assert.rejects(stage.lab.cut(host, options), why);
    }
    assert.deepEqual(await stage.lab.cuts(), []);
  });
});
