import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OperatingStage } from '../inspector/operate/stage.js';
import { InteropClient } from '../support/interop/client.js';
import { type InteropServer, startInteropServer } from '../support/interop/server.js';
import { until } from '../support/nats.js';
import { eventually, type Finished } from '../support/processes.js';
import { cleanEnv, postern, posternBin } from './postern.js';

describe('postern operate', { timeout: 90_000 }, () => {
  let stage: OperatingStage;
  let server: InteropServer;
  let env: NodeJS.ProcessEnv;
  const run = (...args: string[]): Promise<Finished> => postern(args, { env });

  before(async () => {
    [stage, server] = await Promise.all([OperatingStage.open(), startInteropServer()]);
    env = { POSTERN_HUB: stage.hub.address, POSTERN_TOKEN: stage.hub.adminToken };
    await stage.agent({ node: 'cellar', to: [server.address] });
    await stage.actor('node', 'cellar', /^connected\.idle/);
  });
  after(async () => {
    await stage.close();
    await server.stop();
  });

  it('lists what can be done, asks first, does it, waits for what becomes of it, and all is in the activity', async () => {
    const [listed, unasked, wrong, nobody, invalid] = await Promise.all([
      run('operate', 'cellar', '-o', 'json'),
      run('operate', 'cellar', 'drain'),
      run('operate', 'node/cellar', 'heal', '-y'),
      run('operate', 'node/nobody'),
      run('operate', 'door/cellar'),
    ]);
    assert.equal(listed.code, 0, listed.stderr);
    const { operations, ...rest } = JSON.parse(listed.stdout);
    assert.deepEqual(rest, { actor: 'node/cellar', state: 'connected.idle', gone: false });
    assert.deepEqual(
      operations.map(({ title, event, grave }: { title: string; event: string; grave: boolean }) => [
        title,
        event,
        grave,
      ]),
      [
        ['kick', 'KICK_ASKED', false],
        ['drain', 'DRAIN_ASKED', false],
      ],
    );
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /there is no terminal to ask at.*\n.*--yes/);
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.stderr,
      /node\/cellar is connected.idle now, which does not take 'heal'\n.*'kick', 'drain'/,
    );
    assert.equal(nobody.code, 64 + 5);
    assert.equal(invalid.code, 2);

    const drained = await run(
      'operate',
      'cellar',
      'drain',
      '-y',
      '--reason',
      'new disk',
      '--wait',
      '-o',
      'json',
    );
    assert.equal(drained.code, 0, drained.stderr);
    const { from, state, outcome } = JSON.parse(drained.stdout);
    assert.deepEqual(
      [from, state, outcome],
      ['connected.idle', 'connected.draining', 'it is given no new calls until it is resumed'],
    );
    const metadata = { 'x-postern-node': 'cellar', 'x-postern-authorization': stage.hub.adminToken };
    const client = new InteropClient({ address: stage.hub.address, metadata });
    assert.equal((await client.emptyCall()).status.code, 14);
    const resumed = await run('nodes', 'resume', 'cellar', '-y', '--wait');
    assert.match(resumed.stderr, /^node\/cellar: resume: it is given calls again; it was connected.draining/);
    assert.equal((await client.emptyCall()).status.code, 0);
    client.close();
    await until('the activity has both', async () => {
      const { stdout } = await run('activity', '--since', '10m', '--type', 'operated', '-o', 'jsonl');
      return /DRAIN_ASKED/.test(stdout) && /RESUME_ASKED/.test(stdout);
    });
    const [told, shown] = await Promise.all([
      run('activity', '--since', '10m', '--type', 'operated', '-o', 'jsonl'),
      run('activity', '--since', '10m', '--type', 'operated'),
    ]);
    assert.match(told.stdout, /"operated node\/cellar: DRAIN_ASKED \(new disk\): it is given no new calls/);
    assert.match(shown.stdout, / OK .* node\/cellar: DRAIN_ASKED \(new disk\): it is given no new calls/);
  });

  it('offers actors and what can be done to them to shells', async () => {
    // on a busy machine looking may take longer than a shell waits
    const offered = (...words: string[]) =>
      eventually(words.join(' '), async () => {
        const { stdout } = await run(...words);
        return stdout === '' ? undefined : stdout.split('\n');
      });
    const actors = await offered('complete-actors');
    assert.ok(actors.includes('node/cellar'), actors.join());
    assert.deepEqual(await offered('complete-operations', 'node/cellar'), ['kick', 'drain', '']);
  });
});

describe('an agent that is cut off', { timeout: 60_000 }, () => {
  it('dials at once when it gets SIGHUP', async () => {
    const data = await mkdtemp(join(tmpdir(), 'postern-hup-'));
    const dials: number[] = [];
    const nobody = createServer((socket) => {
      dials.push(performance.now());
      socket.destroy();
    });
    nobody.listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const address = nobody.address();
    assert.ok(address !== null && typeof address === 'object');
    const agent = spawn(
      posternBin,
      ['agent', '--node', 'cellar', '--to', '127.0.0.1:1', '--hub', `http://127.0.0.1:${address.port}`],
      {
        env: { ...process.env, ...cleanEnv({ POSTERN_DATA: data, POSTERN_TOKEN: 'pj_a_b' }) },
        stdio: 'ignore',
      },
    );
    const ended = once(agent, 'exit');
    try {
      // behind a pause of more than 1.4 s comes one of 3 s at least; of one attempt there may be several dials
      await until(
        'it pauses for long',
        () => {
          const last = dials.at(-1) ?? Number.POSITIVE_INFINITY;
          const paused = dials.some((at, i) => at - (dials[i - 1] ?? at) > 1_400);
          return paused && performance.now() - last > 300;
        },
        30_000,
      );
      const count = dials.length;
      const atMs = performance.now();
      agent.kill('SIGHUP');
      await until('it dials', () => dials.length > count);
      const afterMs = (dials[count] ?? 0) - atMs;
      assert.ok(afterMs < 2_500, `${afterMs} ms`);
      assert.equal(agent.exitCode, null);
    } finally {
      agent.kill('SIGTERM');
      await ended;
      nobody.close();
      await rm(data, { recursive: true, force: true });
    }
  });
});
