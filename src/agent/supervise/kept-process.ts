import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { errorText } from '../../errors.js';
import { findProgram } from './find-program.js';
import type { KeeperReport, LaunchOrder } from './keeper-messages.js';
import { LastWatch } from './last-watch.js';
import { OutputRelay } from './output-relay.js';
import { leftOf, markVariable, selfMark, sendSignal } from './process-marks.js';

/** After the end of a process, its last words may take so long to arrive, in milliseconds. */
const lastWordsMs = 300;
/** How often is looked whether something is left, in milliseconds: soon at first. */
const lookMs = { first: 20, last: 250 };

/** Has the kernel kill what it runs when the process that started it dies. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

/** The process that a keeper keeps, and all that it starts. */
export class KeptProcess {
  readonly #tell: (report: KeeperReport) => void;
  readonly #gone: () => void;
  readonly #mark: string;
  readonly #order: LaunchOrder;
  readonly #relay: OutputRelay;
  readonly #watch: LastWatch;
  #group: number | undefined;
  #killing = false;
  #looking = false;
  /** Its end was told, with its last words. */
  #endTold = false;

  /** `gone` is called once, when nothing is left or nothing was started. */
  constructor(order: LaunchOrder, tell: (report: KeeperReport) => void, gone: () => void) {
    this.#order = order;
    this.#tell = tell;
    this.#gone = gone;
    this.#mark = `${order.mark}.${selfMark()}`;
    this.#relay = new OutputRelay(tell);
    this.#watch = new LastWatch(`${markVariable}=${this.#mark}`, (message) =>
      tell({ kind: 'warning', message }),
    );
  }

  /** Starts it in a session and a process group of its own, without a terminal and with nothing to read. */
  launch(): void {
    const obstacle = this.#start();
    if (obstacle !== undefined) this.#notLaunched(obstacle);
  }

  /** SIGTERM to all of it; `gone` follows when nothing is left. */
  terminate(): void {
    for (const pid of this.#left()) sendSignal(pid, 'SIGTERM');
    this.#look();
  }

  /** SIGKILL to all of it until nothing is left. */
  kill(): void {
    this.#killing = true;
    for (const pid of this.#left()) sendSignal(pid, 'SIGKILL');
    this.#look();
  }

  /** Why it can not be started; undefined: it is on its way. */
  #start(): string | undefined {
    const { command, directory, environment } = this.#order;
    const [name = '', ...args] = command;
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
      return `its working directory ${directory} is not there`;
    }
    const program = findProgram(name, directory, environment.PATH ?? '');
    if (program === undefined) return `there is no program '${name}' that may be executed`;
    const [first = program, ...words] = [...prefix(), program, ...args];
    this.#watch.begin();
    try {
      const child = spawn(first, words, {
        cwd: directory,
        env: { ...environment, [markVariable]: this.#mark },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.once('error', (error) => this.#notLaunched(error.message));
      child.once('spawn', () => this.#launched(child));
    } catch (thrown) {
      return errorText(thrown);
    }
    return undefined;
  }

  #launched(child: ChildProcess): void {
    const { pid, stdout, stderr } = child;
    if (pid === undefined) return;
    this.#group = pid;
    this.#watch.guard(pid);
    if (stdout !== null) this.#relay.read(stdout, 'stdout');
    if (stderr !== null) this.#relay.read(stderr, 'stderr');
    this.#tell({ kind: 'launched', pid });
    child.once('exit', (status, signal) => {
      const how = signal ?? `exit status ${status}`;
      const tell = () => {
        clearTimeout(timer);
        child.removeListener('close', tell);
        this.#tell({ kind: 'exited', how, said: this.#relay.said });
        this.#endTold = true;
        this.#look();
      };
      // What it started may hold its output open.
      const timer = setTimeout(tell, lastWordsMs);
      child.once('close', tell);
    });
  }

  #notLaunched(message: string): void {
    this.#tell({ kind: 'notLaunched', message });
    this.#end();
  }

  #left(): number[] {
    return this.#group === undefined ? [] : leftOf({ group: this.#group, mark: this.#mark });
  }

  /** Looks again and again, until nothing is left. */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    const again = (afterMs: number) => {
      const left = this.#left();
      if (left.length === 0 && (this.#endTold || this.#group === undefined)) {
        this.#tell({ kind: 'gone' });
        return this.#end();
      }
      if (this.#killing) for (const pid of left) sendSignal(pid, 'SIGKILL');
      setTimeout(again, afterMs, Math.min(lookMs.last, afterMs * 1.5));
    };
    again(lookMs.first);
  }

  #end(): void {
    this.#relay.finish();
    this.#watch.end();
    this.#gone();
  }
}

/** What stands before the command: nothing where this machine has no such tool. */
function prefix(): readonly string[] {
  const [tool, ...args] = dieWithParent;
  const tried = spawnSync(tool, [...args, 'true'], { stdio: 'ignore', timeout: 2_000 });
  return tried.status === 0 ? dieWithParent : [];
}
