import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { healLeft } from '../../../src/agent/faults/heal-left.js';
import { UndoShelf } from '../../../src/agent/faults/undo-shelf.js';

const exec = promisify(execFile);
const nobody = 65_534;
const linux = process.platform === 'linux' ? false : 'owners of files are those of Unix';

/** A data directory whose agent `attic` was to run `program` at its end, as whoever heals. */
async function trap(): Promise<{ data: string; faults: string; ran: string; file: string }> {
  const data = await mkdtemp(join(tmpdir(), 'postern-own-'));
  const faults = join(data, 'agent/attic/faults');
  await mkdir(join(faults, 'undo'), { recursive: true, mode: 0o700 });
  const ran = join(data, 'ran');
  const program = join(data, 'program');
  await writeFile(program, `#!/bin/sh\ntouch ${ran}\n`, { mode: 0o755 });
  const undo = { do: 'drop-table', nft: program, table: 'x', leaseMs: 1 } as const;
  await new UndoShelf(join(faults, 'undo'), 'a').put('r.trap', undo, 0);
  return { data, faults, ran, file: join(faults, 'undo/r.trap.json') };
}

const heal = (data: string) => healLeft({ data, node: undefined, force: false, env: { PATH: data } });

test('nothing is run that somebody else may have written: files of others, that others may write, and links', {
  skip: linux,
}, async (t) => {
  const { data, faults, ran, file } = await trap();
  t.after(() => rm(data, { recursive: true, force: true }));
  const refused = async (why: RegExp): Promise<void> => {
    const [one, ...others] = await heal(data);
    assert.match(one?.why ?? '', why);
    assert.deepEqual([one?.became, others], ['not undone', []]);
    assert.ok(!(await readdir(data)).includes('ran'), `${ran} was made`);
  };
  await chmod(file, 0o622);
  await refused(/others may write it/);
  await chmod(file, 0o600);
  await rename(file, join(data, 'elsewhere'));
  await symlink(join(data, 'elsewhere'), file);
  await refused(/is not believed/);
  await rm(file);
  await exec('mkfifo', [file]);
  await refused(/no plain file/);
  await rm(file);
  await rename(join(data, 'elsewhere'), file);
  await chmod(faults, 0o770);
  await refused(/faults is not believed: others may write it/);
  await chmod(faults, 0o700);
  await rename(join(faults, 'undo'), join(data, 'undo'));
  await symlink(join(data, 'undo'), join(faults, 'undo'));
  await refused(/undo is not believed: it is no directory/);
  await rm(join(faults, 'undo'));
  await rename(join(data, 'undo'), join(faults, 'undo'));
  if (process.getuid?.() === 0) {
    await chown(file, nobody, nobody);
    await refused(/belongs to user 65534, and this is user 0/);
    await chown(file, 0, 0);
  }
  assert.deepEqual(
    (await heal(data)).map(({ became }) => became),
    ['undone'],
  );
  assert.ok((await readdir(data)).includes('ran'));
});
