import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { checkoutRoot, compiledRoot, type Finished, run } from '../support/processes.js';
import { warmPostern } from '../support/warm-postern.js';

/** The real command of this checkout. */
export const posternBin = path.join(checkoutRoot, 'bin/postern');

/** The environment of a user who has set nothing, so that the one around the tests cannot matter. */
export function cleanEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = ['POSTERN_NATS_SERVER', 'POSTERN_NATS_RELEASES'];
  const cleared = Object.keys(process.env).filter(
    (name) => name.startsWith('POSTERN_') && !kept.includes(name),
  );
  return {
    ...Object.fromEntries(cleared.map((name) => [name, undefined])),
    POSTERN_DIST: compiledRoot,
    POSTERN_DATA: '/nonexistent/postern',
    ...more,
  };
}

/** Runs `postern …` to its end, without a process of its own where nothing is said to Node itself. */
export function postern(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<Finished> {
  if (options.env?.NODE_OPTIONS !== undefined) return posternProcess(args, options);
  return warmPostern(args, { ...options, env: cleanEnv(options.env) });
}

/** Runs `postern …` to its end, as a process. */
export function posternProcess(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<Finished> {
  return run(posternBin, args, { ...options, env: cleanEnv(options.env) });
}

/** A `postern …` that goes on, with the lines it has printed. */
export class Lines {
  readonly lines: string[] = [];
  stderr = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(posternBin, args, {
      env: { ...process.env, ...cleanEnv(env) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#ended = once(child, 'close');
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Sends the signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends the signal and waits for the end, SIGKILL after 40 s; resolves to the exit code, or the signal's name. */
  async stop(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 40_000);
    const [code, killedBy] = await this.#ended;
    clearTimeout(timer);
    return code ?? killedBy;
  }

  /** Waits until it ends by itself; resolves to the exit code, or the name of the signal that ended it. */
  async ended(): Promise<unknown> {
    const [code, killedBy] = await this.#ended;
    return code ?? killedBy;
  }
}
