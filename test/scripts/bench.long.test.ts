import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findLeftovers } from '../../scripts/testing/leftovers.js';
import { compiledRoot, eventually } from '../support/processes.js';

/** A finished run of the benchmark. */
interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it with tiny blocks, and checks that it leaves neither processes nor files. */
async function runBench(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  interruptAt?: RegExp,
): Promise<Run> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'pb-'));
  const mark = { BENCH_TEST: path.basename(scratch) };
  const child = spawn(process.execPath, [path.join(compiledRoot, 'scripts/bench.js'), ...args], {
    env: { ...process.env, BENCH_ROUNDS: '1', BENCH_SECONDS: '0.1', TMPDIR: scratch, ...mark, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    if (interruptAt !== undefined) {
      await eventually(`it says ${interruptAt}`, () => interruptAt.test(stderr), { timeoutMs: 180_000 });
      child.kill('SIGINT');
    }
    const code = await ended;
    assert.deepEqual(await findLeftovers(`BENCH_TEST=${mark.BENCH_TEST}`, 2_000), [], stderr);
    assert.deepEqual(await readdir(scratch), [], stderr);
    return { code, stdout, stderr };
  } finally {
    child.kill('SIGKILL');
    await rm(scratch, { recursive: true, force: true });
  }
}

const kinds = ['unary, 64 in flight', 'unary, 1 in flight', 'stream to the client', 'stream to the server'];
const ways = ['straight', 'nginx', 'postern'];

test('the benchmark measures every kind of call on every way, and leaves nothing behind', async () => {
  const { code, stdout, stderr } = await runBench({});
  assert.equal(code, 0, stderr);
  for (const kind of kinds) {
    for (const way of ways) {
      const row = new RegExp(`^\\| ${kind} +\\| ${way} +\\| +[\\d,]+ (?:calls|MB) \\|.*$`, 'm').exec(
        stdout,
      )?.[0];
      assert.ok(row !== undefined, `${kind} ${way}\n${stdout}`);
      const [, , , , , ofStraight, ofNginx] = row.split('|').map((cell) => cell.trim());
      assert.ok(Number(ofStraight) > 0 && Number(ofNginx) > 0, row);
      if (way === 'straight') assert.equal(ofStraight, '1.00');
    }
  }
  assert.match(stderr, /round 1, postern: \d+ call\/s/);
});

test('without h2load and Go it calls and serves itself, and says all as JSON', async () => {
  const { code, stdout, stderr } = await runBench(
    { BENCH_CLIENT: 'node', BENCH_SERVER: 'node', BENCH_ONLY: '64 in flight' },
    ['--json'],
  );
  assert.equal(code, 0, stderr);
  const said: unknown = JSON.parse(stdout);
  assert.ok(typeof said === 'object' && said !== null && 'rows' in said && Array.isArray(said.rows));
  assert.deepEqual(
    said.rows.map((row: { path: string }) => row.path),
    ways,
  );
});

test('a way that cannot be made fails the benchmark', async () => {
  const { code, stdout, stderr } = await runBench({ BENCH_AGAINST: '/nowhere' });
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^bench: FAILED: /m);
});

test('Ctrl-C ends the benchmark, and leaves nothing behind', async () => {
  const { code, stderr } = await runBench({ BENCH_SECONDS: '5' }, [], /the ways are up/);
  assert.equal(code, 130, stderr);
  assert.match(stderr, /^bench: FAILED: interrupted by SIGINT$/m);
});
