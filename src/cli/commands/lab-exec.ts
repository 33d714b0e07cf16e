import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { type Invocation, requiredWord } from '../invocation.js';
import { chosenLab } from '../lab/chosen-lab.js';
import { passSignals } from '../signals.js';

/** What reaches the program when it is sent to this command. */
const passed: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** What a terminal sends by itself to every process in the foreground. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** `postern lab exec`. */
export async function run(invocation: Invocation): Promise<number> {
  const { words, streams, env } = invocation;
  const lab = await chosenLab(invocation);
  const argv = words.slice(1).filter((word) => word !== undefined);
  const terminal = streams.stdin.isTTY === true;
  const child = lab.exec(requiredWord(invocation, 0), argv, {
    env,
    stdio: 'inherit',
    // Beside a terminal it stays in its foreground; else it hears signals from here alone, and none twice.
    detached: !terminal,
  });
  passSignals(passed, (name) => child.kill(name));
  passSignals(fromTerminal, (name) => terminal || child.kill(name));
  const [code, signal] = await ended(child);
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}

async function ended(child: ChildProcess): Promise<[code: number | null, signal: NodeJS.Signals | null]> {
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const exited = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
  return Promise.race([exited, failed]);
}
