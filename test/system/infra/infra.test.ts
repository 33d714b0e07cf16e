import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OldController } from '../../support/infra/old-controller.js';
import { forms } from './forms.js';
import { mistakes } from './mistakes.js';
import { InfraStage } from './stage.js';

const nodes = ['north', 'south', 'west'];
const amount = 4;
/** What all three nodes send, and each of them receives, its own among them. */
const all = amount * nodes.length;

let infra: InfraStage;
before(async () => {
  infra = await InfraStage.open(nodes);
});
after(() => infra?.close());

describe('a controller that was written for the predecessor of our agents', { concurrency: true }, () => {
  /** Its whole flow, as it goes through it node by node, in a group of this name. */
  const flow = async (groupName: string, controllers: ReadonlyMap<string, OldController>) => {
    const each = (work: (controller: OldController, node: string) => Promise<unknown>) =>
      Promise.all([...controllers].map(([node, controller]) => work(controller, node)));
    const daemonOf = (node: string) => {
      const [host, port] = String(infra.stage.daemons.get(node)?.process.ready.listen).split(':');
      return { host, port };
    };
    await each(async (controller, node) => {
      assert.deepEqual(await controller.call('IsProcessRunning'), { running: true });
      assert.deepEqual(await controller.call('TestConnection', { message: 'x' }), { success: true });
      const peer = { tries: 1, ...daemonOf(node) };
      assert.deepEqual(await controller.call('TestConnectionToPeer', peer), { success: true });
      // it does so twice and more often
      for (let times = 0; times < 2; times += 1) await controller.call('ConnectToPeer', daemonOf(node));
    });

    let invite: unknown;
    for (const [, controller] of controllers) {
      if (invite === undefined) ({ invite } = await controller.call('CreateInvite', { groupName }));
      else await controller.call('JoinGroup', { groupName, invite });
      await controller.call('StartReceiveMessage', { groupName });
    }
    await each((controller) => controller.call('AddReliability', { timeout: 0, odds: 0 }));

    const which = { groupName, testN: 1 };
    const what = { ...which, type: 'text', size: 300, interval: 2, amount };
    await each((controller) => controller.call('NewTest', what));
    await each(async (controller) => {
      assert.deepEqual(await controller.call('IsTestRunning', which), { testIsRunning: false });
      await controller.call('StartTest', which);
      assert.deepEqual(await controller.call('IsTestRunning', which), { testIsRunning: true });
    });

    const run = await infra.runOf(nodes, groupName);
    await each(async (controller, node) => {
      const mine = await infra.until(
        node,
        { run, test: 'test-1-r1' },
        'has all, and has sent all',
        ({ received, state }) => received === all && state !== 'running',
      );
      assert.deepEqual(
        [mine.ok, mine.fail, mine.info, mine.unknown, mine.duplicated],
        [amount, 0, 0, 0, 0],
        node,
      );
      assert.deepEqual(await controller.call('IsTestRunning', which), { testIsRunning: false });
      await controller.call('StopTest', which);
      await controller.call('StopReceiveMessage', { groupName });
      const came = await infra.until(
        node,
        { run, test: 'receive-r1' },
        'ends',
        ({ state }) => state === 'stopped',
      );
      assert.deepEqual([came.received, came.duplicated, came.ok], [all, 0, 0], node);
      const { uploadCount, link } = await controller.call('UploadLogs', { folder: 'flow', name: node });
      assert.ok(Array.isArray(link) && link.length > 0 && link.length === uploadCount, JSON.stringify(link));
    });
  };

  test('goes through its whole flow where it always has, and every count is right', () =>
    flow('directly', new Map(nodes.map((node) => [node, infra.at(node)]))));

  test('does so through the hub too, by the names of the nodes', async () => {
    const controllers = new Map<string, OldController>();
    for (const node of nodes) controllers.set(node, await infra.through(node));
    await flow('through the hub', controllers);
  });

  test('may declare IsProcessRunning with the messages of another method, as it was documented', async () => {
    const request = { groupName: 'any', testN: 5 };
    const answer = infra.at('north').call('IsProcessRunning', request, 'server.Proxy', 'misdeclared.proto');
    assert.deepEqual(await answer, {});
  });
});

forms(() => infra);
mistakes(() => infra);
