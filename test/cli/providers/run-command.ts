import { spawn } from 'node:child_process';
import { eventually } from '../../support/processes.js';

/** A `postern run` as a shell starts it at a terminal: the leader of a process group of its own. */
export class RunCommand {
  readonly pid: number;
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  readonly #said: () => string;

  private constructor(pid: number, ended: RunCommand['ended'], said: () => string) {
    this.pid = pid;
    this.ended = ended;
    this.#said = said;
  }

  static start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): RunCommand {
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: string) => {
      said = (said + text).slice(-1_000_000);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code));
    });
    return new RunCommand(child.pid ?? 0, ended, () => said);
  }

  /** All that it has written. */
  said(): string {
    return this.#said();
  }

  /** Resolves when it has written this; rejects when that does not come. */
  async reaches(what: RegExp): Promise<void> {
    await eventually(`${what} is told`, () => what.test(this.#said()), { timeoutMs: 120_000 }).catch(() => {
      throw new Error(`never told: ${what}\n${this.#said()}`);
    });
  }
}
