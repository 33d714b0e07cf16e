import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { type Closing, readClosing } from './closing.js';
import { findLeftovers } from './leftovers.js';

/** What to run, and how. */
export interface TestRun {
  readonly files: readonly string[];
  /** So many files run at a time, each in a process of its own. */
  readonly atOnce: number;
  /** One file may take this long, on newer Nodes one test. */
  readonly fileTimeoutMs: number;
  /** All files together may take this long. */
  readonly timeoutMs: number;
  /** Added to the environment of the tests; nothing else that begins with `POSTERN_` reaches them. */
  readonly env?: Readonly<Record<string, string>>;
  /** A skipped test is a failure. */
  readonly strict: boolean;
}

/** What came of it: why it failed (empty: all is well), and the runner's own closing lines. */
export interface TestOutcome {
  readonly failures: readonly string[];
  readonly closing: readonly string[];
}

/**
 * Runs test files with `node --test`, its report going to stdout as it comes. Beside a failed test it counts as a
 * failure when no test ran at all, when a file holds none, when processes outlive the tests, and, if `strict`,
 * when one was skipped.
 */
export async function runTests(run: TestRun): Promise<TestOutcome> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'postern-test-'));
  const mark = randomUUID();
  // Some tests run programs as other users, in directories of their own in there.
  await chmod(scratch, 0o711);
  try {
    const report = path.join(scratch, 'report.tap');
    const code = await nodeTest(run, report, { TMPDIR: scratch, POSTERN_TEST_RUN: mark });
    const closing = readClosing(await readFile(report, 'utf8').catch(() => ''));
    const leftovers = await findLeftovers(`POSTERN_TEST_RUN=${mark}`, 3_000);
    for (const { pid } of leftovers) kill(pid);
    return {
      failures: [
        ...judge(code, closing, run.strict),
        ...leftovers.map(({ pid, command }) => `a process outlived the tests: ${pid} ${command}`),
      ],
      closing: closing.lines,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function nodeTest(run: TestRun, report: string, extra: Record<string, string>): Promise<number | null> {
  const inherited = Object.entries(process.env).filter(
    // NODE_TEST_CONTEXT would turn this into a child of another `node --test`.
    ([name]) => !name.startsWith('POSTERN_') && name !== 'NODE_TEST_CONTEXT',
  );
  const child = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      `--test-concurrency=${run.atOnce}`,
      `--test-timeout=${run.fileTimeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${report}`,
      ...run.files,
    ],
    {
      cwd: checkoutRoot,
      env: { ...Object.fromEntries(inherited), ...run.env, ...extra },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  // Ctrl-C reaches the whole foreground group; this process stays to clean up behind the others.
  const stay = () => {};
  const end = () => void child.kill('SIGTERM');
  process.on('SIGINT', stay).on('SIGTERM', end);
  const timers = [
    setTimeout(end, run.timeoutMs),
    setTimeout(() => child.kill('SIGKILL'), run.timeoutMs + 5_000),
  ];
  const [code]: (number | null)[] = await once(child, 'close');
  for (const timer of timers) clearTimeout(timer);
  process.off('SIGINT', stay).off('SIGTERM', end);
  return code ?? null;
}

function judge(code: number | null, closing: Closing, strict: boolean): string[] {
  const failures: string[] = [];
  if (code !== 0) failures.push(`node --test ended with ${code ?? 'a signal'}`);
  if (closing.tests === 0) failures.push('no test ran');
  for (const file of closing.empty) failures.push(`no test in ${path.relative(checkoutRoot, file)}`);
  if (strict) for (const name of closing.skipped) failures.push(`skipped: ${name}`);
  return failures;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Prints why a run failed, then the runner's closing lines; resolves to the exit code. */
export function conclude(outcome: TestOutcome): number {
  const failed = outcome.failures.map((failure) => `FAILED: ${failure}\n`).join('');
  process.stdout.write(`\n${failed}${outcome.closing.join('\n')}\n`);
  return outcome.failures.length === 0 ? 0 : 1;
}
