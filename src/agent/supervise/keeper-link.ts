import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isReport, type KeeperOrder, type KeeperReport } from './keeper-messages.js';

const script = fileURLToPath(new URL('./keeper.js', import.meta.url));

/** A keeper needs no more memory than this, in MiB. */
const memoryMiB = 32;

/** The agent's end of a keeper. */
export class KeeperLink {
  readonly #keeper: ChildProcess;
  #over = false;

  /**
   * Starts a keeper. `lost` is called once, when it ends or cannot be started, unless `notLaunched` or `gone` was
   * reported before. It inherits nothing of the agent's environment but PATH.
   */
  constructor(hooks: { report: (report: KeeperReport) => void; lost: (message: string) => void }) {
    const lost = (message: string) => {
      if (this.#over) return;
      this.#over = true;
      hooks.lost(message);
    };
    this.#keeper = fork(script, [], {
      cwd: '/',
      detached: true,
      env: { PATH: process.env.PATH },
      execArgv: [`--max-old-space-size=${memoryMiB}`, '--max-semi-space-size=1'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#keeper.on('message', (message: unknown) => {
      if (this.#over || !isReport(message)) return;
      if (message.kind === 'gone' || message.kind === 'notLaunched') this.#over = true;
      hooks.report(message);
    });
    this.#keeper.once('error', (error) => lost(`there is no keeper: ${error.message}`));
    this.#keeper.once('exit', (status, signal) =>
      lost(`the keeper was ended by ${signal ?? `exit status ${status}`}`),
    );
  }

  /** Process id of the keeper. */
  get pid(): number | undefined {
    return this.#keeper.pid;
  }

  /** Tells it what to do; one that is gone is told nothing. */
  order(order: KeeperOrder): void {
    if (this.#keeper.connected) this.#keeper.send(order, () => {});
  }
}
