import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, run } from '../support/processes.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'postern-runner-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** Runs test files of the given texts through the runner; resolves to its exit code and last lines. */
async function runOn(
  texts: Readonly<Record<string, string>>,
  { strict = true, fileTimeoutMs = 10_000, timeoutMs = 30_000 } = {},
): Promise<{ code: number | null; lines: string[] }> {
  const files: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(dir, `${name}.test.mjs`);
    await writeFile(
      file,
      `import { test } from 'node:test';\nimport { spawn } from 'node:child_process';\n${text}`,
    );
    files.push(file);
  }
  const runner = path.resolve(import.meta.dirname, '../../scripts/testing/run-tests.js');
  const program = `
    import { conclude, runTests } from ${JSON.stringify(runner)};
    const run = { files: ${JSON.stringify(files)}, atOnce: 2, fileTimeoutMs: ${fileTimeoutMs}, timeoutMs: ${timeoutMs}, strict: ${strict}, env: { POSTERN_GIVEN: 'yes' } };
    process.exitCode = conclude(await runTests(run));`;
  const finished = await run(process.execPath, ['--input-type=module', '-e', program], {
    env: { POSTERN_INHERITED: 'yes' },
    timeoutMs: 60_000,
  });
  return { code: finished.code, lines: finished.stdout.trimEnd().split('\n') };
}

const failed = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('FAILED: '));

test('good tests pass, and the closing lines of node --test end the output', async () => {
  const { code, lines } = await runOn({ good: "test('a', () => {}); test('b', () => {});" });
  assert.equal(code, 0);
  assert.deepEqual(failed(lines), []);
  const closing = lines.slice(-8).map((line) => line.replace(/[\d.]+$/, 'N'));
  assert.deepEqual(
    closing,
    ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'].map(
      (name) => `# ${name} N`,
    ),
  );
  assert.ok(lines.includes('# pass 2'), lines.join('\n'));
});

test('a failed test fails the run', async () => {
  const { code, lines } = await runOn({ bad: "test('a', () => { throw new Error('no'); });" });
  assert.equal(code, 1);
  assert.ok(lines.includes('# fail 1'));
});

test('a skipped test, and one still to do, fail a strict run only', async () => {
  const texts = {
    skips: "test('left out', { skip: 'why' }, () => {}); test('later', { todo: true }, () => {});",
  };
  const strict = await runOn(texts);
  assert.equal(strict.code, 1);
  assert.deepEqual(failed(strict.lines), ['FAILED: skipped: left out', 'FAILED: skipped: later']);
  assert.equal((await runOn(texts, { strict: false })).code, 0);
});

test('a file without a test fails the run, and so does a run without tests', async () => {
  const { code, lines } = await runOn({ empty: '', good: "test('a', () => {});" });
  assert.equal(code, 1);
  assert.match(failed(lines).join(), /^FAILED: no test in .*empty\.test\.mjs$/);
});

test('a process that outlives the tests fails the run, and is ended', async () => {
  const { code, lines } = await runOn({
    leaks: `test('a', () => {
      const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore', detached: true });
      child.unref();
    });`,
  });
  assert.equal(code, 1);
  const pid = Number(/outlived the tests: (\d+) /.exec(failed(lines).join())?.[1]);
  assert.ok(pid > 0, lines.join('\n'));
  // An ended process that nobody has collected yet has no command line.
  await eventually('it has ended', async () => {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === '';
  });
});

test('a file that hangs is ended', async () => {
  const texts = { hangs: "test('a', () => new Promise(() => setTimeout(() => {}, 60000)));" };
  // Older Nodes end the file, newer ones the test, whose timer then holds the file until the run is over.
  const { code } = await runOn(texts, { fileTimeoutMs: 1_000, timeoutMs: 3_000 });
  assert.equal(code, 1);
});

test('tests see what the run gives them, and none of the settings of who runs them', async () => {
  const { code, lines } = await runOn({
    env: `test('a', () => {
      if (process.env.POSTERN_GIVEN !== 'yes' || process.env.POSTERN_INHERITED !== undefined) throw new Error();
    });`,
  });
  assert.equal(code, 0, lines.join('\n'));
});
