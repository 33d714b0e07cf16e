import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { InfraStage } from './stage.js';

const amount = 12;

describe('an agent that is killed in the middle', () => {
  let infra: InfraStage;
  before(async () => {
    infra = await InfraStage.open(['north', 'south']);
  });
  after(() => infra?.close());
  const stage = () => infra;

  test('knows its groups and tests again, goes on sending, and counts what came meanwhile once', async () => {
    const groupName = 'killed';
    const [north, south] = [stage().at('north'), stage().at('south')];
    const { invite } = await north.call('CreateInvite', { groupName });
    await south.call('JoinGroup', { groupName, invite });
    const which = { groupName, testN: 1 };
    for (const node of [north, south]) {
      await node.call('StartReceiveMessage', { groupName });
      await node.call('NewTest', { ...which, type: 'text', size: 200, interval: 1, amount });
    }
    for (const node of [north, south]) await node.call('StartTest', which);
    const run = await stage().runOf(['north', 'south'], groupName);
    await stage().until('south', { run, test: 'receive-r1' }, 'has some', ({ received }) => received >= 2);

    await stage().restartAgent('south');
    const again = stage().at('south');
    assert.deepEqual(await again.call('IsTestRunning', which), { testIsRunning: true });
    await again.call('StartTest', which);
    await again.call('StartReceiveMessage', { groupName });
    await again.call('JoinGroup', { groupName, invite });
    await assert.rejects(again.call('NewTest', { ...which, type: 'text', size: 1, interval: 1, amount: 1 }), {
      details: /^test already in progress/,
    });

    const sent = await Promise.all(
      ['north', 'south'].map(async (node) => {
        const told = await stage().until(
          node,
          { run, test: 'test-1-r1' },
          'has sent all',
          ({ state, open }) => state !== 'running' && open === 0,
        );
        // while the agent was away nothing was sent, and nothing is sent twice
        assert.ok(told.ok <= amount && told.ok + told.unknown > 0, JSON.stringify(told));
        // one that was due while the agent looked for its daemon again was surely not taken
        if (node === 'north') assert.deepEqual([told.ok, told.fail], [amount, 0], JSON.stringify(told));
        return told;
      }),
    );
    const [least, most] = [0, 1].map((unknown) =>
      sent.reduce((sum, told) => sum + told.ok + told.unknown * unknown, 0),
    );
    for (const [node, controller] of [
      ['north', north],
      ['south', again],
    ] as const) {
      const test = 'receive-r1';
      await stage().until(node, { run, test }, 'has all', ({ received }) => received >= (least ?? 0));
      await controller.call('StopReceiveMessage', { groupName });
      const came = await stage().until(node, { run, test }, 'ends', ({ state }) => state === 'stopped');
      assert.ok(came.received <= (most ?? 0), JSON.stringify({ came, sent }));
      assert.equal(came.duplicated, 0);
      assert.equal(came.boots, node === 'south' ? 2 : 1);
    }
  });
});
