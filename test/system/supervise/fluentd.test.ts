import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { daemonCommand, factsIn, keepersOf, runs, untilGone } from '../../agent/supervise/stage.js';
import { Fleet } from '../../support/fleet.js';
import type { RunningProcess } from '../../support/processes.js';
import { PlainClient } from './plain-client.js';

const start = '/external.Fluentd/Start';
const stop = '/external.Fluentd/Stop';
const restart = '/external.Fluentd/Restart';
const health = '/grpc.health.v1.Health/Check';

/** An argument of `--fluentd`. */
const commandLine = (behaviours: string, file: string) =>
  daemonCommand(behaviours, file)
    .map((word) => `'${word}'`)
    .join(' ');

describe('a process beside an agent', () => {
  let fleet: Fleet;
  let agent: RunningProcess;
  let client: PlainClient;
  const file = (name: string) => join(fleet.dir, name);

  before(async () => {
    fleet = await Fleet.make();
    await fleet.up();
    agent = await fleet.agent(
      'testserver',
      [],
      [
        '--fluentd',
        commandLine('obedient,family', file('facts')),
        '--fluentd-grace',
        '2s',
        '--fluentd-settle',
        '0.3',
      ],
    );
    client = new PlainClient(await fleet.hubAddress(), 'testserver', await fleet.callerToken('soc'));
  });
  after(async () => {
    client.close();
    await fleet.stop();
  });

  it('is started, stopped and restarted by any gRPC client, through the hub', async () => {
    assert.equal(await client.call(stop), 1, 'STOP_NOCHANGE');
    assert.deepEqual(
      (await Promise.all([start, start, start].map((path) => client.call(path)))).sort(),
      [1, 1, 2],
    );
    const first = await factsIn(file('facts'));
    assert.equal(await client.call(restart), 1, 'RESTART_SUCCESS');
    const second = await factsIn(file('facts'), first.pid);
    assert.deepEqual([first.pid, ...first.children].filter(runs), []);
    assert.ok(runs(second.pid));
    assert.equal(await client.call(stop), 2, 'STOP_SUCCESS');
    assert.deepEqual([second.pid, ...second.children].filter(runs), []);
  });

  it('is listed by the reflection of the node, which is healthy', async () => {
    assert.equal((await fleet.postern(['list', 'testserver'])).stdout, 'external.Fluentd\n');
    assert.equal(await client.call(health), 1);
    const called = await fleet.postern(['call', 'testserver', 'external.Fluentd/Stop']);
    assert.deepEqual(JSON.parse(called.stdout), { status: 'STOP_NOCHANGE' });
    await assert.rejects(client.call('/external.Other/Start'), { code: 12 });
  });

  it('stands beside a server: reflection tells of both, health is the word of the server', async () => {
    const server = await fleet.interopServer();
    await fleet.agent('both', [server.address], ['--fluentd', commandLine('obedient', '')]);
    const both = new PlainClient(await fleet.hubAddress(), 'both', await fleet.callerToken('soc'));
    try {
      assert.equal(await both.call(stop), 1);
      assert.equal(await both.call('/grpc.testing.TestService/EmptyCall'), 0);
      assert.equal(await both.call(health), 1);
      const call = (...args: string[]) => fleet.postern(['call', 'both', ...args]);
      assert.match((await call('external.Fluentd/Stop')).stdout, /STOP_NOCHANGE/);
      assert.equal((await call('grpc.testing.TestService/EmptyCall', '-d', '{}')).code, 0);
      const listed = async () => (await fleet.postern(['list', 'both'])).stdout.trim().split('\n').sort();
      const all = await listed();
      assert.ok(all.includes('external.Fluentd') && all.includes('grpc.testing.TestService'), all.join());
      await server.stop();
      assert.deepEqual(await listed(), ['external.Fluentd']);
      await assert.rejects(both.call(health), { code: 14 });
    } finally {
      both.close();
    }
  });

  it('is whole after a call whose time was up', async () => {
    const before = await factsIn(file('facts'));
    assert.equal(await client.call(start), 2);
    const { pid, children } = await factsIn(file('facts'), before.pid);
    // Its children ignore SIGTERM, so that the stop takes longer than this, and this is enough to bring it there.
    await assert.rejects(client.call(stop, 1_200), { code: 4 });
    assert.equal(await client.call(start), 2, 'the stop was not brought to its end before the next start');
    assert.deepEqual([pid, ...children].filter(runs), []);
    await factsIn(file('facts'), pid);
  });

  it('does not see the token of the agent', async () => {
    const { environment } = await factsIn(file('facts'));
    const posterns = Object.keys(environment).filter((name) => name.startsWith('POSTERN_'));
    assert.deepEqual(posterns, ['POSTERN_PROCESS']);
  });

  it('goes with an agent that is killed by kill -9, and the agent that comes back knows', async () => {
    const { pid, children } = await factsIn(file('facts'));
    const { keeper, watch } = await keepersOf(agent.pid);
    agent.signal('SIGKILL');
    await agent.exited;
    await untilGone([pid, ...children, keeper, watch]);
    agent = await fleet.start(
      [
        'agent',
        '--node',
        'testserver',
        '--data',
        join(fleet.dir, 'testserver'),
        '--config',
        await settings(),
      ],
      { env: { POSTERN_HUB: `http://${await fleet.hubAddress()}` } },
    );
    assert.equal(await client.call(stop), 1, 'STOP_NOCHANGE');
    assert.equal(await client.call(start), 2);
  });

  it('is ended gracefully by an agent that is told to stop, before that has ended', async () => {
    const { pid, environment } = await factsIn(file('again'));
    assert.equal(environment.FLUENT_CONF, 'of the file');
    assert.ok(!existsSync(file('again.ended')));
    assert.equal(await agent.stop(), 0);
    assert.ok(!runs(pid));
    assert.ok(existsSync(file('again.ended')));
  });

  /** The process as a configuration file tells of it. */
  async function settings(): Promise<string> {
    const path = file('agent.yaml');
    const fluentd = {
      command: daemonCommand('obedient', file('again')),
      environment: { FLUENT_CONF: 'of the file' },
      grace: '5s',
      settle: 0.3,
    };
    await writeFile(path, JSON.stringify({ fluentd }));
    return path;
  }
});
