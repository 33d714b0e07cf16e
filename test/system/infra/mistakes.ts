import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Answer } from '../../support/infra/old-controller.js';
import type { InfraStage } from './stage.js';

/** What is asked wrongly. */
export function mistakes(stage: () => InfraStage): void {
  describe('what cannot be done is refused with a status and a text that says why', () => {
    const groupName = 'mistakes';
    const good = { groupName, testN: 1, type: 'text', size: 100, interval: 1, amount: 1 };
    const cases: readonly [what: string, method: string, request: Answer, code: status, text: RegExp][] = [
      [
        'a group that is not there',
        'StartReceiveMessage',
        { groupName: 'no' },
        9,
        /^peer not in group: .*"no"/,
      ],
      ['the same, to stop', 'StopReceiveMessage', { groupName: 'no' }, 9, /^peer not in group/],
      ['the same, for a test', 'NewTest', { ...good, groupName: 'no' }, 9, /^peer not in group/],
      ['the same, to start one', 'StartTest', { groupName: 'no', testN: 1 }, 9, /^peer not in group/],
      ['the same, to ask for one', 'IsTestRunning', { groupName: 'no', testN: 1 }, 9, /^peer not in group/],
      [
        'the same, for replication',
        'AddReplication',
        { groupName: 'no', tokenIp: 'x' },
        9,
        /^peer not in group/,
      ],
      ['a group without a name', 'CreateInvite', {}, 3, /the name of a group has 1 to 4096 characters/],
      [
        'an invitation that is none',
        'JoinGroup',
        { groupName, invite: Buffer.from('gob') },
        3,
        /no invitation/,
      ],
      ['no invitation', 'JoinGroup', { groupName }, 3, /no invitation/],
      ['a test that is not there', 'StartTest', { groupName, testN: 77 }, 5, /^test does not exist/],
      ['the same, to stop', 'StopTest', { groupName, testN: 77 }, 5, /^test does not exist/],
      ['the same, to ask for', 'IsTestRunning', { groupName, testN: 77 }, 5, /^test does not exist/],
      [
        'a type that only begins well',
        'NewTest',
        { ...good, type: 'texts' },
        3,
        /"texts", neither text nor media/,
      ],
      ['a type in capitals', 'NewTest', { ...good, type: 'TEXT' }, 3, /"TEXT", neither text nor media/],
      ['no type', 'NewTest', { ...good, type: '' }, 3, /"", neither text nor media/],
      ['no size', 'NewTest', { ...good, size: 0 }, 3, /its size \(bytes\) is 0/],
      ['a size that fits into no message', 'NewTest', { ...good, size: 40e6 }, 3, /more than 3.9 MB/],
      ['no interval', 'NewTest', { ...good, interval: 0 }, 3, /its interval \(seconds\) is 0/],
      ['an interval of more than a day', 'NewTest', { ...good, interval: 90_000 }, 3, /at most a day/],
      [
        'a number that is not exact',
        'NewTest',
        { ...good, testN: '9007199254740993' },
        3,
        /^testN: 9007199254740993 is not between -9007199254740991 and 9007199254740991/,
      ],
      ['no amount', 'NewTest', { ...good, amount: 0 }, 3, /its amount \(messages\) is 0/],
      ['less than none', 'NewTest', { ...good, amount: -1 }, 3, /its amount \(messages\) is -1/],
      [
        'images to a daemon that knows none',
        'NewTest',
        { ...good, type: 'media', size: 900 },
        12,
        /image|media/,
      ],
    ];
    for (const [what, method, request, code, text] of cases) {
      test(what, async () => {
        const north = stage().at('north');
        await north.call('CreateInvite', { groupName });
        await assert.rejects(north.call(method, request), { code, details: text });
      });
    }

    test('and nothing of it is left behind', async () => {
      const which = { groupName, testN: 1 };
      await assert.rejects(stage().at('north').call('IsTestRunning', which), { code: status.NOT_FOUND });
    });
  });
}
