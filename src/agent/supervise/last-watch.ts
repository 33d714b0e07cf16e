import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the group's id, then for a word. Where the word does not come because the keeper was killed, it kills the
 * group, and on Linux whatever has the mark.
 */
const script = `
trap '' HUP INT TERM
read -r group || exit 0
read -r word && exit 0
kill -KILL -- "-$group"
grep -lsF "$1" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do kill -KILL "$pid"; done
`;

/** So many shells in a row are started. */
const mostShells = 20;

/**
 * A shell beside the keeper that holds nothing but a pipe to it: it ends the process where the keeper is killed before
 * it could. One that is killed itself is replaced.
 */
export class LastWatch {
  readonly #mark: string;
  readonly #warn: (message: string) => void;
  #group: number | undefined;
  #shell: ChildProcess | undefined;
  #over = false;
  #shells = 0;

  /** `mark`: the text that the environment of everything that shall be killed holds, `NAME=VALUE`. */
  constructor(mark: string, warn: (message: string) => void) {
    this.#mark = mark;
    this.#warn = warn;
  }

  /** Starts the shell. */
  begin(): void {
    const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
    const shell = spawn('/bin/sh', ['-c', script, 'postern-last-watch', this.#mark], {
      detached: true,
      cwd: '/',
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#shell = shell;
    shell.stdin?.on('error', () => {});
    shell.once('error', (error) => this.#warn(`nothing watches over the keeper: ${error.message}`));
    shell.once('exit', () => {
      if (this.#over) return;
      this.#shells += 1;
      if (this.#shells >= mostShells)
        return this.#warn('nothing watches over the keeper: /bin/sh ends at once');
      this.begin();
      if (this.#group !== undefined) this.guard(this.#group);
    });
  }

  /** The group to kill. */
  guard(group: number): void {
    this.#group = group;
    this.#shell?.stdin?.write(`${group}\n`);
  }

  /** All is well: there is nothing left to watch over. */
  end(): void {
    this.#over = true;
    this.#shell?.stdin?.end(this.#group === undefined ? '' : 'over\n');
  }
}
