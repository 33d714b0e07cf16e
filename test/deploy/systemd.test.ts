import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type SystemdTool, systemdAnalyze } from '../../scripts/systemd-tool.js';
import { analyze, installUnits, only, readUnit, unitNames } from './units.js';

/** What `systemd-analyze security` may say at most, in tenths: 0 is locked in, 100 is anybody's. */
const mostExposed = 20;

let dir: string;
let tool: SystemdTool;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-units-'));
  tool = await systemdAnalyze();
});
after(() => rm(dir, { recursive: true, force: true }));

const verify = (root: string, name: string) =>
  analyze(tool, root, ['verify', '--man=no', '--recursive-errors=yes', name]);

describe('the units', () => {
  it('are understood by systemd, with all drop-ins, without a word', async () => {
    const root = path.join(dir, 'good');
    await installUnits(root);
    for (const name of await unitNames()) {
      assert.deepEqual(await verify(root, name), { status: 0, said: '' }, name);
    }
  });

  it('would not be with a setting that does not exist, a program that is not there, or a word too many', async () => {
    const root = path.join(dir, 'bad');
    const installed = await installUnits(root);
    await appendFile(path.join(installed, 'postern-hub.service.d/external-bus.conf'), 'Retsart=no\n');
    assert.match((await verify(root, 'postern-hub.service')).said, /Unknown key.* 'Retsart'/);
    await appendFile(
      path.join(installed, 'postern-agent.service.d/faults.conf'),
      'SystemCallFilter=@servce\n',
    );
    assert.match((await verify(root, 'postern-agent.service')).said, /Unknown system call group/);
    await unlink(path.join(root, 'usr/local/bin/berty'));
    const missing = await verify(root, 'berty-daemon.service');
    assert.notEqual(missing.status, 0);
    assert.match(missing.said, /berty is not executable/);
  });

  it('are locked in, those with their drop-ins too', async () => {
    const root = path.join(dir, 'locked');
    await installUnits(root);
    for (const name of await unitNames()) {
      const words = ['security', '--offline=true', `--threshold=${mostExposed}`, name];
      const { status, said } = await analyze(tool, root, words);
      assert.equal(status, 0, said);
      assert.match(said, /Overall exposure level for [\w.-]+: \d/);
    }
  });

  it('stop later than what they start may take to finish, and restart within their limits', async () => {
    for (const name of await unitNames()) {
      const unit = await readUnit(name);
      const drain = /postern (?:up|hub|agent) /.test(only(unit, 'ExecStart')) ? 45 : 15;
      assert.ok(Number(only(unit, 'TimeoutStopSec')) > drain, name);
      // A burst that restarts would never use up is none.
      const [burst, interval] = [
        Number(only(unit, 'StartLimitBurst')),
        Number(only(unit, 'StartLimitIntervalSec')),
      ];
      assert.ok(burst * Number(only(unit, 'RestartSec')) < interval / 2, name);
    }
  });
});
