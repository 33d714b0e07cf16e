import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { eventually } from '../../support/processes.js';
import { journalOf } from '../faults/journal-of.js';
import { Stage } from './stage.js';

const command = undefined;
const plainSpec = {
  ...{ type: 'text', group: '', size: 200, intervalMs: 100, amount: 10 },
  ...{ method: '', requestJson: '' },
};

describe('tests on nodes', () => {
  let stage: Stage;
  let group: string;
  before(async () => {
    stage = await Stage.open(['north', 'south']);
    group = await stage.group();
  });
  after(() => stage?.close());

  test('start by themselves at their time, send on schedule, and count what came', async () => {
    // What is later than the interval is not sent any more: a busy machine is less late than this.
    await stage.create('plain', { group, amount: 4, intervalMs: 2_500 }, 2_000);
    assert.equal((await stage.show('north', 'plain')).state, 'created');
    await stage.arm('plain', Date.now() + 3_000);
    assert.equal((await stage.show('south', 'plain')).state, 'armed');
    for (const node of stage.nodes) {
      const { ok, fail, info, unknown, open, lastSeq, reason } = await stage.ended(node, 'plain');
      assert.deepEqual([ok, fail, info, unknown, open, lastSeq, reason], [4, 0, 0, 0, 0, 4, '']);
    }
  });

  test('tell whoever inspects them what their daemon and their tests went through', async () => {
    for (const [machine, states] of [
      ['daemon', [' unseen', 'unseen probing', 'probing serving']],
      ['test', [' created', 'created armed', 'armed running', 'running draining', 'draining finished']],
    ] as const) {
      const told = await eventually(`all of the ${machine} is told`, async () => {
        const shown = await stage.fleet.postern(['inspect', 'south', '--machine', machine, '-o', 'jsonl']);
        const lines = shown.stdout
          .trim()
          .split('\n')
          .map((line): { id: string; from: string; to: string } => JSON.parse(line))
          .filter(({ id }) => machine === 'daemon' || id === 'r1.plain.south')
          .map(({ from, to }) => `${from} ${to}`);
        return lines.length >= states.length && lines;
      });
      assert.deepEqual(told, states, machine);
    }
  });

  test('go on without a hub, and after kill -9 of their agent; nothing is sent twice', async (t) => {
    await stage.create('cut', { group, amount: 100, intervalMs: 100 }, 2_000);
    await stage.arm('cut', Date.now() + 1_500);
    const before = await eventually('some are sent', async () => {
      const { ok, lastSeq } = await stage.show('north', 'cut');
      return ok >= 5 && lastSeq;
    });
    await stage.hub?.stop('SIGKILL');
    await stage.agents.get('north')?.stop('SIGKILL');
    const back = stage.startAgent('north');
    // It is away while messages are due.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await stage.startHub();
    await back;
    const [north, south] = [await stage.ended('north', 'cut'), await stage.ended('south', 'cut')];
    t.diagnostic(JSON.stringify([north, south]));
    assert.deepEqual([south.fail, south.info, south.unknown], [0, 0, 0]);
    // What a busy machine has no time for is not sent, and told.
    const skipped = (await journalOf(stage.fleet.dir, 'south', 'cut')).filter(
      (record) => record.k === 'slip' && !record.sent,
    ).length;
    assert.equal(south.ok + skipped, 100, JSON.stringify(south));
    assert.ok(south.ok > 50, JSON.stringify(south));
    assert.equal(north.boots, 2);
    assert.ok(north.lastSeq > before + 10, `it went on: ${JSON.stringify(north)}`);
    assert.ok(north.unknown <= 2, JSON.stringify(north));
    // The daemons know the truth: who sent what, once each.
    const key = Buffer.from(group, 'base64url');
    const told = (await stage.daemons.get('south')?.messages(key)) ?? [];
    const lines = told.map(({ message }) =>
      /postern\/1 r1 cut (\w+) (\d+)/.exec(message.toString('latin1'))?.slice(1).join(' '),
    );
    const sent = lines.filter((line) => line !== undefined);
    assert.equal(new Set(sent).size, sent.length, 'nothing was sent twice');
    const fromNorth = sent.filter((line) => line.startsWith('north')).length;
    assert.ok(
      fromNorth >= north.ok && fromNorth <= north.ok + north.unknown,
      `${fromNorth} of ${JSON.stringify(north)}`,
    );
    assert.equal(sent.filter((line) => line.startsWith('south')).length, south.ok);
  });

  test('are ended before their time, and refused when they make no sense', async () => {
    await stage.create('long', { group, amount: 1_000, intervalMs: 20_000 }, 500);
    await stage.ask('north', stage.client.startTest, { run: 'r1', test: 'long', command });
    await stage.ask('north', stage.client.stopTest, {
      ...{ run: 'r1', test: 'long', reason: 'enough', settleMs: undefined, command },
    });
    const { reason, lastSeq } = await stage.ended('north', 'long', 'stopped');
    assert.equal(reason, 'enough');
    assert.ok(lastSeq <= 2);
    await stage.create('receives', { group, amount: 0, intervalMs: 1_000 }, 3_600_000);
    const receives = { run: 'r1', test: 'receives', command };
    await stage.ask('north', stage.client.startTest, receives);
    await eventually('it drains', async () => (await stage.show('north', 'receives')).state === 'draining');
    await stage.ask('north', stage.client.stopTest, { ...receives, reason: '', settleMs: undefined });
    assert.equal((await stage.show('north', 'receives')).state, 'draining');
    await stage.ask('north', stage.client.stopTest, { ...receives, reason: 'now', settleMs: 200 });
    await stage.ended('north', 'receives', 'stopped');
    await assert.rejects(stage.ask('north', stage.client.startTest, { run: 'r1', test: 'long', command }), {
      code: status.FAILED_PRECONDITION,
    });
    await assert.rejects(stage.ask('north', stage.client.startTest, { run: 'r1', test: 'none', command }), {
      code: status.NOT_FOUND,
    });
    await assert.rejects(stage.create('bad', { group, intervalMs: 0 }, 500), {
      code: status.INVALID_ARGUMENT,
    });
    await assert.rejects(stage.create('images', { group, type: 'media', size: 1_000 }, 500), {
      code: status.UNIMPLEMENTED,
    });
  });

  test('are refused to a controller that another has taken over from, also after kill -9 of the agent', async () => {
    const { client } = stage;
    const by = (term: number) => ({ run: 'taken', term });
    const named = (term: number, name = 'all') =>
      stage.ask('north', client.createGroup, { name, command: by(term) });
    const superseded = (now: number, had: number) => ({
      code: status.FAILED_PRECONDITION,
      details: `superseded: run taken is conducted with term ${now} now, this command has ${had}`,
    });
    const made = await named(3);
    assert.deepEqual(await named(3), made);
    assert.notEqual((await named(3, 'some')).group, made.group);
    const test = { run: 'taken', test: 't' };
    const spec = { ...plainSpec, group: made.group };
    await stage.ask('north', client.createTest, { ...test, spec, settleMs: 100, command: by(4) });

    await stage.agents.get('north')?.stop('SIGKILL');
    await stage.startAgent('north');
    assert.deepEqual(await eventually('north answers', () => named(0).catch(() => undefined)), made);
    const [command, invite, writer] = [by(3), Buffer.alloc(0), made.member];
    const arming = { ...test, startAtMs: Date.now() + 3_600_000, offsetMs: 0, errorMs: 1 };
    for (const refused of [
      () => named(3),
      () => named(3, ''),
      () => stage.ask('north', client.createInvite, { group: made.group, name: '', command }),
      () => stage.ask('north', client.joinGroup, { invite, command }),
      () => stage.ask('north', client.awaitReady, { group: made.group, writer, command }),
      () => stage.ask('north', client.createTest, { ...test, spec, settleMs: 100, command }),
      () => stage.ask('north', client.armTest, { ...arming, command }),
      () => stage.ask('north', client.startTest, { ...test, command }),
      () => stage.ask('north', client.stopTest, { ...test, reason: 'woken', settleMs: undefined, command }),
    ]) {
      await assert.rejects(refused(), superseded(4, 3));
    }
    await stage.ask('north', client.createTest, { ...test, spec, settleMs: 100, command: by(4) });
    await stage.ask('north', client.armTest, { ...arming, command: by(5) });
    const { test: armed } = await stage.ask('north', client.armTest, { ...arming, command: by(5) });
    assert.equal(armed?.state, 'armed');
    // a person is never refused for this, but for a run that is another than the test's
    await stage.ask('north', client.stopTest, {
      ...{ ...test, reason: 'by hand', settleMs: undefined, command: undefined },
    });
    await assert.rejects(
      stage.ask('north', client.stopTest, {
        ...{ ...test, reason: '', settleMs: undefined, command: { run: 'other', term: 9 } },
      }),
      { code: status.INVALID_ARGUMENT },
    );
  });

  test('are calls of any method, too', async () => {
    const method = 'berty.messenger.v1.MessengerService/ConversationCreate';
    const daemon = stage.daemons.get('south');
    const before = (await daemon?.status())?.groups.length ?? 0;
    const call = {
      type: 'call',
      method,
      requestJson: '{"displayName": "{{body}}"}',
      amount: 3,
      intervalMs: 2_000,
    };
    await stage.create('calls', call, 100);
    await stage.ask('south', stage.client.startTest, { run: 'r1', test: 'calls', command });
    const { ok } = await stage.ended('south', 'calls');
    assert.equal(ok, 3);
    assert.equal((await daemon?.status())?.groups.length, before + 3);
  });
});
