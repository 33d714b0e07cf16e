import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Stage } from './stage.js';

/** A test, as `postern test` tells of it with `-o json`. */
type Told = Readonly<Record<string, unknown>>;

describe('tests that a person drives', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open(['north', 'south']);
  });
  after(() => stage?.close());

  const ask = async (...words: string[]): Promise<Told[]> => {
    const { code, stdout, stderr } = await stage.fleet.postern(['test', ...words, '-o', 'json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).tests;
  };
  const refused = async (...words: string[]) => {
    const { code, stderr } = await stage.fleet.postern(['test', ...words]);
    return { code, told: stderr.trim().split('\n') };
  };

  test('are made for a group, armed, and show what was sent, and each message that came once', async () => {
    const made = await stage.fleet.postern(['test', 'group', 'north', 'south']);
    assert.equal(made.code, 0, made.stderr);
    const group = made.stdout.trim();
    const how = ['--group', group, '--interval', '2s', '--amount', '4', '--settle', '5s'];
    const ofBoth = (asked: (node: string) => Promise<unknown>) => Promise.all(stage.nodes.map(asked));
    await ofBoth(async (node) => assert.equal((await ask('new', node, 'hand', ...how))[0]?.state, 'created'));
    await ofBoth(async (node) =>
      assert.equal((await ask('arm', node, 'hand', '--in', '3s'))[0]?.state, 'armed'),
    );
    await ofBoth((node) => stage.ended(node, 'hand', 'finished', 'manual'));
    await ofBoth(async (node) => {
      const [shown] = await ask('show', node, 'hand');
      const { ok, fail, lastSeq, received } = shown ?? {};
      assert.deepEqual({ ok, fail, lastSeq, received }, { ok: 4, fail: 0, lastSeq: 4, received: 8 });
    });
    await ask('new', 'north', 'long', '--group', group, '--amount', '1000', '--settle', '0s');
    await ask('start', 'north', 'long');
    await ask('stop', 'north', 'long', '--reason', 'enough');
    const [long] = await ask('show', 'north', 'long');
    assert.deepEqual([long?.reason, long?.fail], ['enough', 0]);
  });

  test('are refused in one line that says what is wrong, and where', async () => {
    for (const [words, code, told] of [
      [['new', 'north', 'a b', '--group', 'g'], 67, /"a b" is no name for a run or a test: write letters/],
      [['new', 'north', 't', '--group', 'g', '--size', '9MB'], 67, /such a test: size: a message of more/],
      [
        ['new', 'north', 't', '--workload', 'call', '--rpc', 'a.B/C', '--request', '@/nowhere'],
        2,
        /cannot read --request @\/nowhere/,
      ],
    ] as const) {
      const answer = await refused(...words);
      assert.equal(answer.code, code, answer.told.join());
      assert.match(answer.told[0] ?? '', told);
    }
  });

  test('name the node whose daemon is away', async () => {
    await stage.daemons.get('south')?.stop('SIGKILL');
    const answer = await refused('group', 'north', 'south');
    assert.equal(answer.code, 78, answer.told.join());
    assert.match(answer.told[0] ?? '', /^postern: node 'south': UNAVAILABLE .*the daemon at 127\.0\.0\.1:/);
  });
});
