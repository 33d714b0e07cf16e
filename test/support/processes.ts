import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The checkout: compiled tests live in `<checkout>/<output>/test/support`. */
const compiled = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The compiled tree that this test belongs to. */
export const compiledRoot = compiled;

/** The checkout's root. */
export const checkoutRoot = path.resolve(
  compiled,
  path.basename(path.dirname(compiled)) === '.build' ? '../..' : '..',
);

/** A started program that said it was ready. */
export interface RunningProcess {
  readonly pid: number;
  /** The JSON object of its ready line. */
  readonly ready: Record<string, unknown>;
  /** Everything that it wrote to stderr so far. */
  stderr(): string;
  /** Lines of stdout after the ready line. */
  lines(): readonly string[];
  /** Sends a signal. */
  signal(name: NodeJS.Signals): void;
  /** Ends it by SIGTERM (or the signal given) and waits; SIGKILL after `graceMs`. Resolves to its exit code or signal. */
  stop(name?: NodeJS.Signals, graceMs?: number): Promise<number | NodeJS.Signals | null>;
  /** Resolves when it has ended. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts a program with pipes: `spawn` itself, or something that does it elsewhere. */
export type Spawn = (
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; stdio: ('pipe' | 'ignore')[] },
) => ChildProcess;

/** How a program is started. */
export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Default: on this machine. */
  readonly spawn?: Spawn;
  /** Bound for being ready, milliseconds. Default 60,000: a machine may be busy. */
  readonly timeoutMs?: number;
  /** What it says on stderr when it cannot become ready, where it would try for ever. */
  readonly failsWith?: RegExp;
}

/**
 * Starts a program and waits until it prints a JSON line with `ready: true`. Rejects with its output when it ends
 * before, says what `failsWith` tells, or after `timeoutMs`.
 */
export async function startReady(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProcess> {
  const child = (options.spawn ?? spawn)(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = pipesOf(child);
  living.add(child);
  let stderr = '';
  const lines: string[] = [];
  output.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-1_000_000);
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      living.delete(child);
      resolve(signal ?? code);
    });
  });
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? 60_000;
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${command} ${args.join(' ')}: ${why}\n${lines.join('\n')}\n${stderr}`));
    };
    const timer = setTimeout(() => fail(`not ready after ${timeoutMs} ms`), timeoutMs);
    child.once('error', (error) => fail(error.message));
    const { failsWith } = options;
    if (failsWith !== undefined) {
      output.stderr.on('data', () => {
        if (failsWith.test(stderr)) fail('it cannot become ready');
      });
    }
    void exited.then((code) => fail(`ended with ${code} before it was ready`));
    createInterface({ input: output.stdout }).on('line', (line) => {
      lines.push(line);
      const parsed = readyLine(line);
      if (parsed === undefined) return;
      clearTimeout(timer);
      lines.length = 0;
      resolve(parsed);
    });
  });
  return {
    pid: child.pid ?? -1,
    ready,
    stderr: () => stderr,
    lines: () => lines,
    signal: (name) => void child.kill(name),
    exited,
    async stop(name = 'SIGTERM', graceMs = 20_000) {
      if (child.exitCode !== null || child.signalCode !== null) return exited;
      child.kill('SIGCONT');
      child.kill(name);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const code = await exited;
      clearTimeout(timer);
      return code;
    },
  };
}

function pipesOf({ stdout, stderr }: ChildProcess): { stdout: Readable; stderr: Readable } {
  if (stdout === null || stderr === null) throw new Error('it was started without pipes');
  return { stdout, stderr };
}

function readyLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null && 'ready' in parsed && parsed.ready === true) {
      return { ...parsed };
    }
  } catch {
    // Not the ready line.
  }
  return undefined;
}

/** What a finished program left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; rejects after `timeoutMs`. */
export async function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number; spawn?: Spawn } = {},
): Promise<Finished> {
  const child = (options.spawn ?? spawn)(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = pipesOf(child);
  living.add(child);
  let stdout = '';
  let stderr = '';
  output.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  output.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  const timeoutMs = options.timeoutMs ?? 60_000;
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  living.delete(child);
  if (code === null) {
    throw new Error(`${command} ${args.join(' ')}: killed (after ${timeoutMs} ms?)\n${stdout}\n${stderr}`);
  }
  return { code, stdout, stderr };
}

/**
 * Waits until `probe` returns something other than undefined or false, asking every `everyMs`; rejects after
 * `timeoutMs` with the last error or `what`.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 20_000);
  let last: unknown;
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`never came true: ${what}`, last === undefined ? undefined : { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 100));
  }
}
