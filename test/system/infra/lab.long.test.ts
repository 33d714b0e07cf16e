import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Test } from '../../../src/gen/postern/v1/tests.js';
import type { Answer } from '../../support/infra/old-controller.js';
import { withoutLab } from '../../support/lab/stage.js';
import { compiledRoot, eventually } from '../../support/processes.js';
import { LabFleet } from '../rehearsal/lab-stage.js';

const missing = await withoutLab();
const nodes = ['north', 'south', 'west'];
const token = 'the-token-of-the-infra-servers';
const amount = 8;
const all = amount * nodes.length;
/** Calls are made on another machine, by a program that knows nothing but their wire. */
const program = path.join(compiledRoot, 'test/support/infra/controller-process.js');

describe('a controller of before on a machine of its own', { skip: missing, timeout: 300_000 }, () => {
  let fleet: LabFleet;
  before(async () => {
    const open = { public: true };
    const hosts = {
      ...Object.fromEntries(nodes.map((node) => [node, open])),
      controller: open,
      stranger: open,
    };
    fleet = await LabFleet.open(nodes, hosts, async ({ dir, stage }) => {
      const file = path.join(dir, 'infra.token');
      await writeFile(file, token);
      const grant = `lab-controller=${stage.lab.address('controller')}/32`;
      return ['--infra-listen', '0.0.0.0:7091', '--infra-token-file', file, '--infra-grant', grant];
    });
  });
  after(() => fleet?.close());

  /** Where a controller finds a node, and what it says with each call. */
  type Ways = (node: string) => {
    readonly address: string;
    readonly fields: Readonly<Record<string, string>>;
  };
  const direct: Ways = (node) => ({ address: `${node}:7091`, fields: {} });
  const throughHub: Ways = (node) => ({
    address: 'hub:8080',
    fields: { name: node, authorization: `Bearer ${fleet.token}` },
  });

  const calls = async (host: string, asked: readonly object[]): Promise<Answer[]> => {
    const input = JSON.stringify(asked);
    const { stdout, stderr } = await fleet.stage.run(host, [process.execPath, program], { input });
    return stdout === '' ? assert.fail(stderr) : JSON.parse(stdout);
  };
  const each = async (ways: Ways, method: string, request: object, of = nodes): Promise<Answer[]> => {
    const answers = await calls(
      'controller',
      of.map((node) => ({ ...ways(node), method, request })),
    );
    for (const answer of answers)
      assert.equal(answer.code, undefined, `${method}: ${JSON.stringify(answer)}`);
    return answers;
  };

  const shown = async (node: string, run: string, name: string): Promise<Test | undefined> =>
    (await fleet.ask(node, fleet.client.listTests, { run })).tests.find(({ test: each }) => each === name);
  /** The run that has come to a node last. */
  const runsOf = async (node: string): Promise<string[]> => [
    ...new Set((await fleet.ask(node, fleet.client.listTests, { run: '' })).tests.map(({ run }) => run)),
  ];

  const flow = async (ways: Ways, groupName: string, meanwhile: () => Promise<void>) => {
    const before = await runsOf('north');
    for (const { running } of await each(ways, 'IsProcessRunning', {})) assert.equal(running, true);
    for (const { success } of await each(ways, 'TestConnection', {})) assert.equal(success, true);
    const daemon = { host: 'localhost', port: '9091' };
    for (const { success } of await each(ways, 'TestConnectionToPeer', { tries: 1, ...daemon })) {
      assert.equal(success, true);
    }
    await each(ways, 'ConnectToPeer', daemon);
    const [made] = await each(ways, 'CreateInvite', { groupName }, ['north']);
    await each(ways, 'JoinGroup', { groupName, invite: made?.invite }, ['south', 'west']);
    await each(ways, 'StartReceiveMessage', { groupName });
    await each(ways, 'AddReliability', { timeout: 0, odds: 0 });
    const which = { groupName, testN: 1 };
    await each(ways, 'NewTest', { ...which, type: 'text', size: 400, interval: 1, amount });
    await each(ways, 'StartTest', which);
    for (const { testIsRunning } of await each(ways, 'IsTestRunning', which))
      assert.equal(testIsRunning, true);
    await meanwhile();
    const [run = ''] = (await runsOf('north')).filter((one) => !before.includes(one));
    for (const node of nodes) {
      const done = await eventually(
        `${node} has all`,
        async () => {
          const found = await shown(node, run, 'receive-r1');
          return found?.received === all ? found : undefined;
        },
        { timeoutMs: 90_000, everyMs: 500 },
      );
      const sent = await shown(node, run, 'test-1-r1');
      assert.deepEqual([sent?.ok, sent?.fail, sent?.received, done.duplicated], [amount, 0, all, 0], node);
    }
    await each(ways, 'StopTest', which);
    await each(ways, 'StopReceiveMessage', { groupName });
    for (const { testIsRunning } of await each(ways, 'IsTestRunning', which))
      assert.equal(testIsRunning, false);
    const uploads = nodes.map((name) => each(ways, 'UploadLogs', { folder: groupName, name }, [name]));
    for (const [answer] of await Promise.all(uploads)) {
      const { link, uploadCount } = answer ?? {};
      assert.ok(Array.isArray(link) && link.length > 0 && link.length === uploadCount);
    }
  };
  test('goes through its whole flow by a grant, while a node is cut off, and every count is right', async () => {
    await flow(direct, 'directly', async () => {
      await fleet.stage.lab.cut('south');
      const [away] = await calls('controller', [
        { ...direct('north'), method: 'IsProcessRunning', request: {} },
      ]);
      assert.equal(away?.running, true, 'the others are there');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await fleet.stage.lab.heal('south');
    });
  });

  test('does so through the hub, by the names of the nodes', () =>
    flow(throughHub, 'through the hub', async () => {}));

  test('anybody else needs the token', async () => {
    const asked = (authorization?: string) => ({
      address: 'north:7091',
      fields: authorization === undefined ? {} : { authorization },
      method: 'IsProcessRunning',
      request: {},
    });
    const [none, wrong, good] = await calls('stranger', [
      asked(),
      asked('Bearer another-token-of-somebody'),
      asked(`Bearer ${token}`),
    ]);
    assert.equal(none?.code, 16);
    assert.match(String(none?.details), /^calls from .* need metadata authorization/);
    assert.equal(wrong?.code, 16);
    assert.deepEqual(good, { running: true });
  });
});
