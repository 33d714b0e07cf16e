import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { worldMark } from '../../world-mark.js';

/**
 * Waits for a word over descriptor 3. Where the descriptor ends without one, its guardian was killed, and it becomes a
 * guardian itself. The shell that was started ends at once, so that the one that waits is nobody's child.
 */
const script = `
trap '' HUP INT TERM
(
  read -r word <&3 && exit
  exec 3<&-
  sleep "$DEPUTY_AFTER"
  exec "$DEPUTY_NODE" $DEPUTY_FLAGS "$DEPUTY_SCRIPT" "$DEPUTY_DIRECTORY" "$DEPUTY_OWNER" "$DEPUTY_PID" "$DEPUTY_MARK" "$DEPUTY_TURN"
) </dev/null &
`;

/** So many shells in a row are started by one guardian, and so many guardians follow one another. */
const most = 20;

/** What a guardian watches over, as the next one must know it. */
export interface Watch {
  readonly directory: string;
  readonly owner: string;
  /** The agent's process; `mark` is empty where it has ended. */
  readonly agent: { readonly pid: number; readonly mark: string };
  /** How many guardians there were before this one. */
  readonly turn: number;
}

/**
 * A shell beside a guardian that takes its place when that is killed, with its agent or without: it holds nothing but one
 * end of a socket. It has a session of its own, no parent, and nothing in its command line that tells whose it is, so that
 * whoever kills an agent with all that belongs to it, by its tree, group or name, leaves it. One that is killed is replaced.
 */
export class Deputy {
  readonly #script: string;
  #socket: Socket | undefined;
  #isOver = false;
  #started = 0;

  /** `guardian`: the program of a guardian. */
  constructor(guardian: string) {
    this.#script = guardian;
  }

  /** Starts it; resolves when it is there, or where this machine has no shell. */
  begin(watch: Watch): Promise<void> {
    if (this.#started >= most || watch.turn >= most) return Promise.resolve();
    this.#started += 1;
    const { directory, owner, agent, turn } = watch;
    const child = spawn('/bin/sh', ['-c', script], {
      cwd: '/',
      detached: true,
      env: {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        [worldMark]: process.env[worldMark],
        DEPUTY_NODE: process.execPath,
        DEPUTY_FLAGS: process.execArgv.join(' '),
        DEPUTY_SCRIPT: this.#script,
        DEPUTY_DIRECTORY: directory,
        DEPUTY_OWNER: owner,
        DEPUTY_PID: String(agent.pid),
        DEPUTY_MARK: agent.mark,
        DEPUTY_TURN: String(turn + 1),
        // one that ends by itself would do so again
        DEPUTY_AFTER: turn === 0 ? '0' : '1',
      },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const socket = child.stdio[3];
    return new Promise((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
      if (!(socket instanceof Socket)) return;
      this.#socket = socket;
      socket.on('error', () => {});
      socket.once('close', () => {
        if (!this.#isOver) void this.begin(watch);
      });
      socket.resume();
    });
  }

  /** All is undone: nobody has to follow. */
  end(): void {
    this.#isOver = true;
    this.#socket?.end('over\n');
  }
}
