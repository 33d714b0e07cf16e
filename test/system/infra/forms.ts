import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InfraStage } from './stage.js';

/** The older names of the same methods, and what becomes of groups and tests that are asked for again. */
export function forms(stage: () => InfraStage): void {
  describe('older controllers', { concurrency: true }, () => {
    test('make tests by names, without an amount, for a time, by three services', async () => {
      const [north, south] = [stage().at('north'), stage().at('south')];
      const groupName = 'oldest form';
      assert.deepEqual(await north.old('Peer', 'TestConnection', {}), { success: true });
      const { invite } = await north.old('Group', 'CreateInvite', { groupName });
      await south.old('Group', 'ReplicationJoinGroup', { groupName, invite });
      await south.old('Group', 'JoinGroup', { groupName, invite });
      const what = { groupName, testName: 'Hello World', type: 'text', size: 100, interval: 2 };
      const which = { groupName, testName: 'Hello World' };
      for (const node of [north, south]) {
        await node.old('Group', 'StartReceiveMessage', { groupName });
        await node.old('Test', 'NewTest', what);
        assert.deepEqual(await node.old('Test', 'IsTestRunning', which), { testIsRunning: false });
      }
      for (const node of [north, south]) await node.old('Test', 'StartTest', { ...which, duration: 4 });
      const run = await stage().runOf(['north', 'south'], groupName);
      for (const node of ['north', 'south']) {
        const name =
          (await stage().tests(node)).find((one) => one.run === run && one.spec?.amount === 2)?.test ?? '';
        assert.match(name, /^hash-[\w-]{22}-r1$/);
        const told = await stage().until(
          node,
          { run, test: name },
          'has all, and has sent all',
          ({ received, state }) => received === 4 && state !== 'running',
        );
        assert.deepEqual([told.ok, told.spec?.amount], [2, 2]);
      }
      for (const node of [north, south]) await node.old('Group', 'StopReceiveMessage', { groupName });
    });

    test('and those that called the one service daemon.Proxy reach the same groups and tests', async () => {
      const north = stage().at('north');
      const groupName = 'one service';
      await north.old('Group', 'CreateInvite', { groupName });
      await north.old('Test', 'NewTest', { groupName, testName: '4', type: 'text', size: 9, interval: 60 });
      await north.old('Test', 'StartTest', { groupName, testName: '4' });
      const which = { groupName, testN: 4 };
      const inDaemon = (method: string) => north.call(method, which, 'daemon.Proxy', 'daemon-proxy.proto');
      assert.deepEqual(await inDaemon('IsTestRunning'), { testIsRunning: true });
      await inDaemon('StopTest');
      assert.deepEqual(await north.call('IsTestRunning', which), { testIsRunning: false });
    });
  });

  describe('asking again', { concurrency: true }, () => {
    test('for an invitation leads into the same group, and joining it again changes nothing', async () => {
      const [north, south] = [stage().at('north'), stage().at('south')];
      const groupName = 'again';
      const first = await north.call('CreateInvite', { groupName });
      const second = await north.call('CreateInvite', { groupName });
      for (const { invite } of [first, second, second]) await south.call('JoinGroup', { groupName, invite });
      await north.call('JoinGroup', { groupName, invite: first.invite });
      for (const node of [north, south]) await node.call('StartReceiveMessage', { groupName });
      await stage().runOf(['north', 'south'], groupName);
    });

    test('an invitation into another group gives the name to it, unless a test of the first one runs', async () => {
      const [north, south] = [stage().at('north'), stage().at('south')];
      const groupName = 'taken';
      await south.call('CreateInvite', { groupName });
      await south.call('StartReceiveMessage', { groupName });
      const { invite } = await north.call('CreateInvite', { groupName });
      const which = { groupName, testN: 1 };
      await south.call('NewTest', { ...which, type: 'text', size: 10, interval: 60, amount: 9 });
      await south.call('StartTest', which);
      await assert.rejects(south.call('JoinGroup', { groupName, invite }), {
        code: 9,
        details: /^peer already in group: "taken" is another group here, and a test of it runs/,
      });
      await south.call('StopTest', which);
      await south.call('JoinGroup', { groupName, invite });
      await assert.rejects(south.call('IsTestRunning', which), { code: 5, details: /^test does not exist/ });
      for (const node of [north, south]) await node.call('StartReceiveMessage', { groupName });
      await stage().runOf(['north', 'south'], groupName);
    });

    test('a test is made once, may become another one until it runs, and then again when it has ended', async () => {
      const north = stage().at('north');
      const groupName = 'rounds';
      await north.call('CreateInvite', { groupName });
      const which = { groupName, testN: 0 };
      const what = { ...which, type: 'text', size: 10, interval: 60, amount: 2 };
      await north.call('NewTest', what);
      await north.call('NewTest', what);
      await north.call('NewTest', { ...what, size: 20 });
      await north.call('StartTest', which);
      await north.call('StartTest', which);
      await assert.rejects(north.call('NewTest', what), { code: 9, details: /^test already in progress/ });
      await north.call('StopTest', { groupName, testN: 1 }).catch(({ code }) => assert.equal(code, 5));
      assert.deepEqual(
        await north.call('IsTestRunning', which),
        { testIsRunning: true },
        'it is another one',
      );
      await north.call('StopTest', which);
      await north.call('StopTest', which);
      assert.deepEqual(await north.call('IsTestRunning', which), { testIsRunning: false });
      await north.call('NewTest', what);
      await north.call('StartTest', which);
      const run = await stage().runOf(['north'], groupName);
      const tests = (await stage().tests('north')).filter((one) => one.run === run);
      assert.deepEqual(
        tests.map(({ test: name, spec }) => [name, spec?.size]),
        [
          ['test-0-r1', 10],
          ['test-0-r2', 20],
          ['test-0-r3', 10],
        ],
      );
      await north.call('StopTest', which);
    });

    test('receiving counts what comes from when it was asked until it is ended, of others as of tests', async () => {
      const north = stage().at('north');
      const groupName = 'received';
      const { invite } = await north.call('CreateInvite', { groupName });
      await north.call('StartReceiveMessage', { groupName });
      const run = await stage().runOf(['north'], groupName);
      const group = await stage().groupOf('north', groupName);
      const daemon = stage().stage.daemons.get('north');
      const say = async (texts: readonly string[]) => {
        for (const text of texts) await daemon?.say(Buffer.from(group, 'base64url'), text);
      };
      const has = (test: string, count: number) =>
        stage().until('north', { run, test }, `has ${count}`, ({ received }) => received === count);
      await say(['one', 'two']);
      await has('receive-r1', 2);
      await north.call('StartReceiveMessage', { groupName });
      await say(['three']);
      await has('receive-r1', 3);
      await north.call('StopReceiveMessage', { groupName });
      await north.call('StopReceiveMessage', { groupName });
      await stage().until('north', { run, test: 'receive-r1' }, 'ends', ({ state }) => state === 'stopped');
      await say(['nobody counts this']);
      await north.call('StartReceiveMessage', { groupName });
      await say(['four']);
      await has('receive-r2', 1);
      const first = await has('receive-r1', 3);
      assert.equal(first.duplicated, 0);
      assert.ok(invite !== undefined);
    });
  });
}
