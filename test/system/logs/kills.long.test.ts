import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { noise, sha256 } from '../../hub/logs/stage.js';
import { Fleet } from '../../support/fleet.js';
import { eventually, type RunningProcess } from '../../support/processes.js';
import { callUpload, type UploadCall } from './upload-call.js';

describe('bringing a large log file to the hub', () => {
  let fleet: Fleet;
  let logs: string;
  let hub: RunningProcess;
  let agent: RunningProcess;
  let listen = '127.0.0.1:0';
  let token: string;
  const big = noise(60_000_000).bytes;
  /** Uploads, and does something once, when a third of the file was acknowledged. */
  const upload = (name: string, midway: () => void = () => {}) => {
    let isOver = false;
    return callUpload({ address: listen, token }, name, (sent) => {
      if (isOver || sent < big.length / 3) return;
      isOver = true;
      midway();
    });
  };
  const startHub = async () => {
    hub = await fleet.start(['up', '--listen', listen, '--metrics', 'off']);
    listen = await fleet.hubAddress();
  };
  const startAgent = async () => {
    agent = await fleet.agent('cellar', [], ['--logs', logs]);
  };
  /**
   * Asks until it is done. An agent that lives may have gone on by itself meanwhile, and has nothing to send then; else the
   * first attempt that gets through shows where it went on.
   */
  const finished = async (name: string, killed: UploadCall, { bySelf }: { bySelf: boolean }) => {
    let resumed: number | undefined;
    const tryAgain = async () => {
      const { first, done } = await upload(name);
      resumed ??= first;
      return done;
    };
    await eventually('it is brought', tryAgain, { timeoutMs: 120_000 });
    assert.ok(killed.last >= big.length / 3, `it was killed at ${killed.last}`);
    if (resumed === undefined) assert.ok(bySelf, 'nobody can have gone on');
    else assert.ok(resumed >= killed.last, `it went on at ${resumed}, not behind ${killed.last}`);
    const file = join(fleet.dir, `fetched-${name}`);
    const got = await fleet.postern(['logs', 'get', `test-run-f/${name}/big.log`, '-O', file], {
      timeoutMs: 60_000,
    });
    assert.equal(got.code, 0, got.stderr);
    assert.equal(sha256(await readFile(file)), sha256(big));
  };
  before(async () => {
    fleet = await Fleet.make();
    logs = join(fleet.dir, 'logs');
    await mkdir(logs);
    await writeFile(join(logs, 'big.log'), big);
    await startHub();
    await startAgent();
    token = await fleet.callerToken('uploader');
  });
  after(() => fleet.stop());

  it('goes on where it stopped when the NATS server is killed', async () => {
    const pid = Number(await readFile(join(fleet.dir, 'hub/nats/nats.pid'), 'utf8'));
    const killed = await upload('nats', () => process.kill(pid, 'SIGKILL'));
    await finished('nats', killed, { bySelf: true });
  });

  it('goes on where it stopped when its hub is killed', async () => {
    const killed = await upload('hub', () => hub.signal('SIGKILL'));
    assert.ok(!killed.done);
    await startHub();
    await finished('hub', killed, { bySelf: true });
  });

  it('goes on where it stopped when the agent is killed', async () => {
    const killed = await upload('agent', () => agent.signal('SIGKILL'));
    assert.ok(!killed.done);
    await startAgent();
    assert.ok(killed.last < big.length);
    await finished('agent', killed, { bySelf: false });
  });
});
