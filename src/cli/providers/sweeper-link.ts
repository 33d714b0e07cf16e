import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../log.js';
import type { SweeperMessage } from './sweeper-messages.js';

const script = fileURLToPath(new URL('./sweeper.js', import.meta.url));
/** A sweeper needs no more memory than this, in MiB. */
const memoryMiB = 32;
/** It may take so long to sweep, milliseconds; it gives up before. */
const sweepMs = 60_000;
/** So many that end by themselves are replaced. */
const mostSweepers = 20;

/** What a sweeper is to sweep. */
export interface SweepOrder {
  readonly mark: string;
  readonly directory: string;
  /** Whether it removes the directory when this process dies. */
  readonly remove: boolean;
  readonly log: Logger;
}

/** This process's end of the sweeper of a world. */
export class SweeperLink {
  readonly #order: SweepOrder;
  readonly #told: SweeperMessage[] = [];
  #child: ChildProcess;
  /** It hears what it is told, or has ended. */
  #watching: Promise<void> = Promise.resolve();
  #sweepers = 0;
  #over = false;

  constructor(order: SweepOrder) {
    this.#order = order;
    this.#child = this.#start();
  }

  /** Tells of a process that was started. */
  started(pid: number | undefined): void {
    if (pid !== undefined) this.#tell({ kind: 'started', pid });
  }

  /** Has it sweep; resolves when nothing is left. */
  async finish({ remove }: { readonly remove: boolean }): Promise<void> {
    this.#over = true;
    const child = this.#child;
    child.ref();
    child.channel?.ref();
    // What it is told before it listens would be lost.
    await this.#watching;
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(sweepMs) }).catch(() => {});
    await new Promise<void>((resolve) => {
      if (child.connected) child.send({ kind: 'over', remove }, () => resolve());
      else resolve();
    });
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await exited;
  }

  #tell(message: SweeperMessage): void {
    this.#told.push(message);
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #start(): ChildProcess {
    const { mark, directory, remove, log } = this.#order;
    const child = fork(script, [mark, directory, remove ? 'remove' : 'keep'], {
      cwd: '/',
      detached: true,
      env: { PATH: process.env.PATH },
      execArgv: [`--max-old-space-size=${memoryMiB}`, '--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.unref();
    child.channel?.unref();
    this.#watching = new Promise((resolve) => {
      for (const event of ['message', 'exit', 'error']) child.once(event, () => resolve());
    });
    child.once('error', (error) => log.warn(`nothing sweeps up behind this run: ${error.message}`));
    child.once('exit', () => {
      this.#sweepers += 1;
      if (this.#over || this.#sweepers > mostSweepers) return;
      log.warn('the process that sweeps up behind this run has ended: another one is started');
      this.#child = this.#start();
      for (const message of this.#told) this.#child.send(message, () => {});
    });
    return child;
  }
}
