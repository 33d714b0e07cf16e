import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { debianTool } from '../../scripts/debian-tool.js';
import { run } from '../support/processes.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-debian-'));
});
after(() => rm(dir, { recursive: true, force: true }));

test('etcdctl is downloaded and unpacked, and runs', async () => {
  const into = path.join(dir, 'with-lists');
  const tool = await debianTool('etcdctl', { into, onPath: false });
  assert.equal(tool.from, 'unpacked now');
  assert.match((await run(tool.path, ['version'])).stdout, /etcdctl version/);
  assert.equal((await debianTool('etcdctl', { into, onPath: false })).from, 'unpacked earlier');
});

test('the same where the system has no package lists', async () => {
  const into = path.join(dir, 'without-lists');
  const lists = path.join(dir, 'lists');
  await mkdir(path.join(lists, 'partial'), { recursive: true });
  const config = path.join(dir, 'apt.conf');
  await writeFile(config, `Dir::State::lists "${lists}";\n`);
  process.env.APT_CONFIG = config;
  const tool = await debianTool('etcdctl', { into, onPath: false });
  delete process.env.APT_CONFIG;
  assert.match((await run(tool.path, ['version'])).stdout, /etcdctl version/);
  assert.deepEqual(await readdir(lists), ['partial'], 'the lists of the system are left alone');
  assert.deepEqual(
    (await readdir(into)).filter((name) => name.startsWith('.')),
    [],
  );
});
