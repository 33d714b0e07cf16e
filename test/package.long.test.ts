import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { compiledRoot, run, startReady } from './support/processes.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-pack-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** Runs npm in the empty folder. */
async function npm(args: readonly string[]): Promise<void> {
  const child = spawn('npm', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code]: unknown[] = await once(child, 'close');
  assert.equal(code, 0, `npm ${args.join(' ')}: ${stderr}`);
}

test('the package installs elsewhere, and a hub starts from it', async () => {
  await npm(['pack', path.resolve(compiledRoot, '..'), '--ignore-scripts']);
  const file = (await readdir(dir)).find((name) => name.endsWith('.tgz'));
  assert.ok(file !== undefined);
  await npm(['init', '--yes']);
  await npm(['install', '--ignore-scripts', `./${file}`]);
  const postern = path.join(dir, 'node_modules/.bin/postern');
  assert.match((await run(postern, ['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  const exported = 'import * as postern from "postern"; console.log(Object.keys(postern).join())';
  const program = path.join(dir, 'exported.mjs');
  await writeFile(program, exported);
  assert.equal((await run(process.execPath, [program])).stdout, 'PosternError,joinHub\n');
  const env = { POSTERN_DATA: path.join(dir, 'data') };
  const up = await startReady(
    postern,
    ['up', '--listen', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--output', 'json'],
    { env },
  );
  try {
    const listed = await run(postern, ['list', 'hub'], { env });
    assert.match(listed.stdout, /postern\.v1\.NodesService/);
  } finally {
    assert.equal(await up.stop(), 0);
  }
});
