import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findLeftovers } from '../../scripts/testing/leftovers.js';
import { compiledRoot, eventually } from '../support/processes.js';

/** A finished run of the demo. */
export interface DemoRun {
  readonly code: number | null;
  readonly output: string;
  /** The last line of the output that is not empty. */
  readonly verdict: string;
  /** The files of its reports, such as `parted/index.html`. */
  readonly reports: readonly string[];
}

/**
 * Runs the demo as `make demo` does, in a temporary directory of its own, and checks that it leaves nothing there and
 * no process. With `interruptAt` it gets a SIGINT as soon as its output matches.
 */
export async function runDemo(env: Readonly<Record<string, string>>, interruptAt?: RegExp): Promise<DemoRun> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'pd-'));
  const reports = await mkdtemp(path.join(tmpdir(), 'pd-reports-'));
  const mark = `DEMO_TEST=${path.basename(scratch)}`;
  const child = spawn(process.execPath, [path.join(compiledRoot, 'scripts/demo.js')], {
    env: {
      ...{ ...process.env, DEMO_REPORTS: reports, ...env },
      ...{ TMPDIR: scratch, DEMO_TEST: path.basename(scratch) },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    if (interruptAt !== undefined) {
      await eventually(`the demo says ${interruptAt}`, () => interruptAt.test(output), {
        timeoutMs: 120_000,
      });
      child.kill('SIGINT');
    }
    const code = await ended;
    assert.deepEqual(await findLeftovers(mark, 2_000), [], `processes are left\n${output}`);
    assert.deepEqual(await readdir(scratch), [], `files are left\n${output}`);
    const verdict = output.trimEnd().split('\n').at(-1) ?? '';
    return { code, output, verdict, reports: (await readdir(reports, { recursive: true })).sort() };
  } finally {
    child.kill('SIGKILL');
    for (const dir of [scratch, reports]) await rm(dir, { recursive: true, force: true });
  }
}
