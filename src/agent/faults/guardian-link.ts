import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { worldMark } from '../../world-mark.js';

const script = fileURLToPath(new URL('./guardian.js', import.meta.url));
/** A guardian needs no more memory than this, in MiB. */
const memoryMiB = 32;
/** It may take so long to answer, milliseconds. */
const answerWithinMs = 10_000;
/** One that was let go may take so long to end, milliseconds. */
const endsWithinMs = 2_000;
/** One that was there for so long is worth another one, milliseconds. */
const shortestLifeMs = 1_000;

/** Whether a message of the agent asks the guardian whether it watches. */
export function isLook(message: unknown): boolean {
  return message === 'look';
}

/** The agent's end of its guardian, which is there while there is something to undo. */
export class GuardianLink {
  readonly #shelf: { readonly directory: string; readonly owner: string };
  readonly #log: Logger;
  #child: ChildProcess | undefined;
  /** The one that was let go last. */
  #left: ChildProcess | undefined;
  /** How many faults need it. */
  #needed = 0;

  constructor(shelf: { readonly directory: string; readonly owner: string }, log: Logger) {
    this.#shelf = shelf;
    this.#log = log;
  }

  /** Process id of the guardian. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Resolves when a guardian watches what is on disk now, to what says that it is not needed any more. Rejects
   * `GUARDIAN_LOST`.
   */
  async watch(): Promise<() => void> {
    this.#needed += 1;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      this.#needed -= 1;
      if (this.#needed === 0) this.stop();
    };
    try {
      // One that ends undoes all that it finds: what is put on disk from now on is not for it.
      if (this.#left !== undefined) await hasEnded(this.#left);
      await this.#ask(this.#child?.connected === true ? this.#child : this.#start());
    } catch (thrown) {
      release();
      throw thrown;
    }
    return release;
  }

  /** The same before there is anything to watch; without a guardian where there is none. */
  atHand(): Promise<() => void> {
    return this.watch().catch(() => () => {});
  }

  /** Lets it go; it undoes what is still to be undone, and ends. */
  stop(): void {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    this.#left = child;
    if (child.connected) child.disconnect();
  }

  #start(): ChildProcess {
    const child = fork(script, [this.#shelf.directory, this.#shelf.owner, String(process.pid)], {
      cwd: '/',
      detached: true,
      env: { PATH: process.env.PATH, [worldMark]: process.env[worldMark] },
      execArgv: [`--max-old-space-size=${memoryMiB}`, '--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const startedAtMs = performance.now();
    this.#child = child;
    child.unref();
    child.channel?.unref();
    child.on('error', () => {});
    child.once('exit', (status, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#log.warn({ status, signal }, 'the guardian of faults has ended');
      // One that ends at once would do so again.
      if (this.#needed > 0 && performance.now() - startedAtMs > shortestLifeMs)
        this.#ask(this.#start()).catch(() => {});
    });
    return child;
  }

  #ask(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = () => settle(new PosternError('GUARDIAN_LOST', 'the guardian of faults does not answer'));
      const timer = setTimeout(lost, answerWithinMs);
      const settle = (error?: PosternError) => {
        clearTimeout(timer);
        child.off('message', heard);
        child.off('exit', lost);
        if (error === undefined) resolve();
        else reject(error);
      };
      const heard = () => settle();
      child.once('message', heard);
      child.once('exit', lost);
      child.once('error', lost);
      child.send('look', (error) => {
        if (error !== null) lost();
      });
    });
  }
}

/** Resolves when a process has ended, or after `endsWithinMs`. */
async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await once(child, 'exit', { signal: AbortSignal.timeout(endsWithinMs) }).catch(() => {});
}
