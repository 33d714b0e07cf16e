import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { GuardianLink } from '../../../../src/agent/faults/guardian-link.js';
import { ProcessFaults } from '../../../../src/agent/faults/process/process-faults.js';
import { UndoShelf } from '../../../../src/agent/faults/undo-shelf.js';
import { plainShape } from '../../../../src/fault-kinds.js';
import { DaemonProcess } from '../../../support/daemon.js';
import { testLog } from '../../../support/nats.js';
import { processState } from '../../../system/faults/stage.js';

const exec = promisify(execFile);

test('a fault whose undo finds no space on the disk is refused, and one whose disk fills up or takes nothing more is undone', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'postern-full-'));
  const disk = join(directory, 'disk');
  await mkdir(disk);
  const mounted = await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).then(
    () => true,
    () => false,
  );
  let daemon: DaemonProcess | undefined;
  t.after(async () => {
    await daemon?.stop('SIGKILL');
    if (mounted) await exec('umount', [disk]);
    await rm(directory, { recursive: true, force: true });
  });
  if (!mounted) return t.skip('a disk of its own needs root');
  daemon = await DaemonProcess.start(join(directory, 'daemon'), ['--peer-listen', 'off']);
  const { process: running } = daemon;
  const undo = new UndoShelf(disk, 'a');
  const faults = new ProcessFaults({
    target: () => String(running.ready.listen),
    undo,
    guardian: new GuardianLink(undo, testLog),
    output: join(directory, 'daemon.log'),
  });
  await writeFile(join(disk, 'filler'), Buffer.alloc(128 * 1024)).catch(() => {});
  for (const kind of ['pause', 'kill'] as const) {
    const asked = { kind, shape: plainShape(kind), name: `r.${kind}`, endsAtMs: Date.now() + 60_000 };
    await assert.rejects(faults.inject(asked), { code: 'DATA_UNUSABLE' });
    assert.match(await processState(running.pid), /[^T]/);
    await daemon.status();
  }
  assert.deepEqual(await readdir(disk), ['filler']);
  await rm(join(disk, 'filler'));
  const asked = {
    kind: 'pause' as const,
    shape: plainShape('pause'),
    name: 'r.nap',
    endsAtMs: Date.now() + 60_000,
  };
  const injection = await faults.inject(asked);
  assert.equal(await processState(running.pid), 'T');
  await injection.heal();
  await daemon.status();
  const remount = (how: string) => exec('mount', ['-o', `remount,${how}`, disk]);
  for (const spoil of [
    () => writeFile(join(disk, 'filler'), Buffer.alloc(128 * 1024)),
    () => remount('ro'),
  ]) {
    const again = await faults.inject({ ...asked, endsAtMs: Date.now() + 60_000 });
    assert.equal(await processState(running.pid), 'T');
    await spoil().catch(() => {});
    await again.heal();
    await daemon.status();
    await remount('rw');
    await rm(join(disk, 'filler'), { force: true });
  }
});
