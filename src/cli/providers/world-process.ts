import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PosternError } from '../../errors.js';

/** What is started, and how. */
export interface StartOrder {
  /** For people: `the hub`, `the daemon of north`. */
  readonly name: string;
  /** File that takes what it writes. */
  readonly log: string;
  readonly start: (stdio: ['ignore', 'pipe', number]) => ChildProcess;
  /** It may take so long to be ready, milliseconds. */
  readonly withinMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** So much of the end of a log is told when something does not come up. */
const told = { lines: 5, characters: 2_000 };

/** A program of a world that has said that it is ready. */
export class WorldProcess {
  readonly name: string;
  readonly log: string;
  /** The fields of its ready line. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** How it ended: `exit status 1`, `SIGKILL`; never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(
    order: StartOrder,
    running: { child: ChildProcess; ended: Promise<string>; facts: Readonly<Record<string, unknown>> },
  ) {
    this.name = order.name;
    this.log = order.log;
    this.facts = running.facts;
    this.ended = running.ended;
    this.#child = running.child;
  }

  /** Starts it. Rejects with `WORLD_FAILED` and the end of its log, or with the reason of the signal; then it has ended. */
  static async start(order: StartOrder): Promise<WorldProcess> {
    const { name, log, withinMs, signal } = order;
    signal?.throwIfAborted();
    const file = await open(log, 'a', 0o600);
    let child: ChildProcess;
    try {
      child = order.start(['ignore', 'pipe', file.fd]);
    } finally {
      await file.close();
    }
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (status, by) => resolve(by ?? `exit status ${status}`));
    });
    const over = new AbortController();
    try {
      const facts = await Promise.race([
        readyLine(child),
        ended.then((how) => fail(`it ended: ${how}`)),
        late(withinMs, over.signal).then(() => fail(`it was not ready after ${withinMs / 1000} s`)),
        aborted(signal, over.signal),
      ]);
      return new WorldProcess(order, { child, ended, facts });
    } catch (thrown) {
      child.kill('SIGKILL');
      await ended;
      if (!(thrown instanceof NotReady)) throw thrown;
      throw new PosternError(
        'WORLD_FAILED',
        `${name} does not come up: ${thrown.message}${await endOf(log)}`,
        {
          hint: `all that it wrote is in ${log}`,
        },
      );
    } finally {
      over.abort();
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** SIGTERM, and SIGKILL when it has not ended by then; resolves when it has ended. */
  async terminate(graceMs: number): Promise<void> {
    // What stands still does not hear the first one.
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }
}

class NotReady extends Error {}

function fail(why: string): never {
  throw new NotReady(why);
}

/** The fields of the JSON line that says `ready`; what comes after it is read and dropped. Never rejects. */
function readyLine({ stdout }: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    if (stdout === null) return;
    createInterface({ input: stdout }).on('line', (line) => {
      const facts = line.startsWith('{') ? factsOf(line) : undefined;
      if (facts?.ready === true) resolve(facts);
    });
  });
}

function factsOf(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function late(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener('abort', () => clearTimeout(timer));
  });
}

async function aborted(signal: AbortSignal | undefined, over: AbortSignal): Promise<never> {
  if (signal === undefined) return new Promise<never>(() => {});
  signal.throwIfAborted();
  await once(signal, 'abort', { signal: over }).catch(() => new Promise<never>(() => {}));
  throw signal.reason;
}

/** The last lines of a log. */
async function endOf(log: string): Promise<string> {
  const text = (await readFile(log, 'utf8').catch(() => '')).trimEnd();
  const lines = text.split('\n').slice(-told.lines).join('\n').slice(-told.characters);
  return lines === '' ? '' : `; it said last:\n${lines}`;
}
