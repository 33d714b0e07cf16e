import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that was started and runs on by itself. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** Everything that it wrote to stdout so far. */
  stdout(): string;
  /** Everything that it wrote to stderr so far. */
  stderr(): string;
  running(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Ends it by SIGTERM, by SIGKILL after `graceMs`; resolves to true when SIGTERM was enough. */
  stop(graceMs?: number): Promise<boolean>;
}

/** A program that has said where it can be reached. */
export type ReadyProgram = Program & { readonly ready: Readonly<Record<string, unknown>> };

/** How long a program may take to be ready, milliseconds. */
const readyMs = 30_000;

/** A finished program. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run to its end. */
export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets each line that it writes to stderr. */
  readonly heard?: ((line: string) => void) | undefined;
}

/** Starts programs whose output goes to files in one directory, so that they can outlive this process. */
export class Programs {
  readonly started: Program[] = [];
  readonly #passing = new Set<ChildProcess>();
  #closed = false;
  readonly #logs: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(logs: string, env: NodeJS.ProcessEnv) {
    this.#logs = logs;
    this.#env = env;
  }

  /** Starts a program in a process group of its own, so that Ctrl-C reaches this process alone; `env` is added. */
  start(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    this.#refuseWhenClosed();
    const file = path.join(this.#logs, `${this.started.length}-${name}`);
    const [out, err] = [openSync(`${file}.out`, 'w'), openSync(`${file}.err`, 'w')];
    const child = spawn(command, args, {
      env: { ...this.#env, ...env },
      stdio: ['ignore', out, err],
      detached: true,
    });
    closeSync(out);
    closeSync(err);
    let failure: Error | undefined;
    child.on('error', (error) => {
      failure = error;
    });
    child.unref();
    const running = () => failure === undefined && child.exitCode === null && child.signalCode === null;
    const program: Program = {
      name,
      pid: child.pid ?? -1,
      stdout: () => readFileSync(`${file}.out`, 'utf8'),
      stderr: () => failure?.message ?? readFileSync(`${file}.err`, 'utf8'),
      running,
      signal: (signal) => void child.kill(signal),
      stop: async (graceMs = 15_000) => {
        if (!running()) return true;
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        if (await until(() => !running(), graceMs)) return true;
        child.kill('SIGKILL');
        await until(() => !running(), 5_000);
        return false;
      },
    };
    this.started.push(program);
    return program;
  }

  /** Starts a program and waits for its JSON line with `ready: true`; throws with its last words if it ends before. */
  async startReady(
    name: string,
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<ReadyProgram> {
    const program = this.start(name, command, args, env);
    let ready: Record<string, unknown> | undefined;
    await until(() => {
      ready = readyLine(program.stdout());
      return ready !== undefined || !program.running();
    }, readyMs);
    if (ready === undefined) {
      throw new Error(
        `${name} ${program.running() ? 'is not ready' : 'ended before it was ready'}: ${lastWords(program)}`,
      );
    }
    return { ...program, ready };
  }

  /** Runs a program to its end; it is killed after `timeoutMs`. */
  async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    this.#refuseWhenClosed();
    const env = { ...this.#env, ...options.env };
    const child = spawn(command, args, { env, stdio: 'pipe', detached: true });
    this.#passing.add(child);
    if (options.heard !== undefined) createInterface({ input: child.stderr }).on('line', options.heard);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 20_000);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    child.stdin.on('error', () => {
      // It ended without reading all of its input; its exit code says the rest.
    });
    child.stdin.end(options.input ?? '');
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('close', resolve);
      });
      return { code, stdout: stdout(), stderr: stderr() };
    } finally {
      clearTimeout(timer);
      this.#passing.delete(child);
    }
  }

  /**
   * Stops everything that runs, the last started first, and starts nothing from now on. Resolves to the names of
   * programs that SIGTERM did not end.
   */
  async stopAll(): Promise<string[]> {
    this.#closed = true;
    for (const child of this.#passing) child.kill('SIGKILL');
    const stubborn: string[] = [];
    for (const program of this.started.toReversed()) {
      if (!(await program.stop())) stubborn.push(program.name);
    }
    return stubborn;
  }

  /** Steps that were interrupted may still be on their way. */
  #refuseWhenClosed(): void {
    if (this.#closed) throw new Error('the demo is ending');
  }
}

/** Asks `probe` again and again until it is true; resolves to false after `timeoutMs`. `everyMs`: the pause between. */
export async function until(
  probe: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await probe()) return true;
    await sleep(everyMs);
  }
  return probe();
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The last lines that a program wrote, for an error message. */
export function lastWords(program: Program): string {
  return program.stderr().trimEnd().split('\n').slice(-3).join(' | ') || 'it said nothing';
}

function readyLine(text: string): Record<string, unknown> | undefined {
  for (const line of text.split('\n').slice(0, -1)) {
    if (!line.startsWith('{')) continue;
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === 'object' && parsed !== null && 'ready' in parsed && parsed.ready === true) {
      return { ...parsed };
    }
  }
  return undefined;
}
