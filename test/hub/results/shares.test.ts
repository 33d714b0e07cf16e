import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bus } from '../../../src/bus/bus.js';
import { subjects } from '../../../src/bus/subjects.js';
import { ResultsKeeper } from '../../../src/hub/results/keeper.js';
import { NodeShares } from '../../../src/hub/results/shares.js';
import { startTestNats, type TestNats, testLog, until } from '../../support/nats.js';
import { batchOf, handOver } from './stage.js';

const dayMs = 24 * 3_600_000;

/** The hub's bus, whose stream of results is as full as that says, and whose chains store when they may. */
function scarce(hub: Bus, fullness: () => number, mayStore: () => Promise<void> = async () => {}): Bus {
  return Object.create(hub, {
    chain: {
      value: (declaration: Parameters<Bus['chain']>[0]) => {
        const chain = hub.chain(declaration);
        return {
          ...chain,
          fullness: async () => fullness(),
          append: async (...args: Parameters<typeof chain.append>) => {
            await mayStore();
            return chain.append(...args);
          },
        };
      },
    },
  });
}

describe('the shares of nodes in the stream of results', () => {
  let nats: TestNats;
  let hub: Bus;
  const agents = new Map<string, { bus: Bus; key: string }>();
  const hand = (node: string, ...batch: Parameters<typeof batchOf>) => {
    const agent = agents.get(node);
    assert.ok(agent !== undefined);
    return handOver(agent.bus, node, agent.key, batchOf(...batch));
  };
  const keep = async (bus: Bus) => {
    const keeper = new ResultsKeeper({ bus, log: testLog });
    keeper.start();
    // The server may still know the one before, which hears nothing any more: what goes there is not answered.
    const { bus: asks, key } = agents.get('modest') ?? assert.fail('there is no agent');
    const ask = () => handOver(asks, 'modest', key, batchOf(0, 0), 300).catch(() => undefined);
    await until('it listens', async () => (await ask())?.ok === true);
    return keeper;
  };
  before(async () => {
    nats = await startTestNats();
    hub = await nats.hub();
    for (const node of ['greedy', 'modest']) {
      const { identity, credentials } = await nats.credentials('agent', node);
      const bus = await nats.connect(identity, credentials);
      agents.set(node, { bus, key: identity.publicKey });
    }
  });
  after(() => nats.stop());

  it('do not count while there is room, and end what one node adds when there is little', async () => {
    let full = 0.4;
    let asked = 0;
    let now = 0;
    const fullness = async () => {
      asked++;
      return full;
    };
    const shares = new NodeShares(fullness, () => now);
    const mib = 1024 * 1024;
    shares.added('greedy', 200 * mib);
    assert.equal(await shares.allows('greedy'), true);
    full = 0.6;
    assert.equal(await shares.allows('greedy'), true, 'it is not asked each time');
    now += 6_000;
    const both = await Promise.all([shares.allows('greedy'), shares.allows('modest')]);
    assert.deepEqual([both, asked], [[false, true], 2]);
    for (let count = 0; count < 70_000; count++) shares.added('modest', 10);
    assert.equal(await shares.allows('modest'), false, 'many small ones take room as well');
    now += dayMs;
    shares.added('modest', 10);
    assert.equal(await shares.allows('greedy'), true, 'another day');
  });

  it('leave room for others when one node hands over without end', async () => {
    let full = 0;
    const keeper = await keep(scarce(hub, () => full));
    const run = 'flood';
    const topic = 'x'.repeat(30_000);
    const flood = (after: number) => {
      const records = [1, 2].map((k) => ({ n: after + k, at: 1, k: 'note', topic, data: {} }));
      return hand('greedy', after, after + 2, { run, records });
    };
    full = 0.9;
    let after = 0;
    let answer = await flood(after);
    while (answer.ok && after < 3_000) {
      after = answer.last;
      answer = await flood(after);
    }
    assert.ok(!answer.ok && answer.code === 'full', JSON.stringify(answer));
    assert.match(answer.message, /'greedy' has had its share/);
    const other = await hand('modest', 0, 3, { run });
    assert.ok(other.ok && other.last === 3, JSON.stringify(other));
    const asks = await hand('greedy', 0, 0, { run });
    assert.ok(asks.ok && asks.last === after, 'it may still ask');
    const fullness = await hub.chain(subjects.results).fullness();
    assert.ok(fullness > 1 / 16 && fullness < 1 / 14, `${fullness} of the room is taken`);
    keeper.stop();
  });

  it('leave places for others when one node hands over everything at once', async () => {
    let release = () => {};
    const stored = new Promise<void>((resolve) => {
      release = resolve;
    });
    let waiting = 0;
    const mayStore = () => {
      waiting++;
      return waiting > 16 ? Promise.resolve() : stored;
    };
    const keeper = await keep(scarce(hub, () => 0, mayStore));
    const run = 'herd';
    const herd = Array.from({ length: 80 }, (_, k) => hand('greedy', 0, 1, { run, journal: `j${k}` }));
    await until('as many wait as may', () => waiting >= 16);
    const other = await hand('modest', 0, 3, { run });
    assert.ok(other.ok && other.last === 3, JSON.stringify(other));
    release();
    const answers = await Promise.all(herd);
    assert.equal(answers.filter(({ ok }) => ok).length, 16);
    assert.ok(answers.every((answer) => answer.ok || answer.code === 'retry'));
    keeper.stop();
  });
});
