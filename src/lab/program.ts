import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { firstChild } from './children.js';
import { enterWords, type Holder } from './holder.js';
import type { LabTools } from './tools.js';

/** How a program is started in a lab; everything as `spawn` of node:child_process has it. */
export type ProgramOptions = Pick<SpawnOptions, 'cwd' | 'env' | 'stdio' | 'detached'>;

/**
 * The last steps before the program: its machine's /etc/hosts and host name, in namespaces of its own. It dies with the
 * process that brought it in.
 */
const script = `"$1" --bind /run/lab/hosts/"$3" /etc/hosts || exit 125
{ hostname "$3" || echo "$3" > /proc/sys/kernel/hostname; } 2>/dev/null || true
cd "$4" || exit 125
setpriv=$2
shift 4
exec "$setpriv" --pdeathsig KILL -- "$@"
`;

/** How long a signal waits for a program that is just coming in, in milliseconds. */
const comingInMs = 5_000;

/**
 * Runs a program on a machine of a lab. What is returned is the process that brought it in and waits for it: it ends with
 * the program's exit status or signal, its `kill` sends signals to the program itself, and when it is killed by anyone
 * else the program is killed too.
 */
export function startProgram(
  tools: LabTools,
  holder: Holder,
  machine: string,
  argv: readonly string[],
  options: ProgramOptions = {},
): ChildProcess {
  const { cwd = process.cwd(), ...rest } = options;
  const child = spawn(
    tools.setpriv,
    [
      '--pdeathsig',
      'KILL',
      '--',
      ...enterWords(tools, holder),
      tools.nsenter,
      `--net=/run/netns/${machine}`,
      '--',
      tools.unshare,
      '--mount',
      '--uts',
      '--',
      tools.sh,
      '-c',
      script,
      'lab',
      tools.mount,
      tools.setpriv,
      machine,
      String(cwd),
      ...argv,
    ],
    { ...rest, cwd: '/' },
  );
  const toWaiting = child.kill.bind(child);
  child.kill = (signal = 'SIGTERM'): boolean => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    const deadline = performance.now() + comingInMs;
    const send = (): void => {
      const pid = programPid(child);
      if (pid !== undefined) signalProgram(pid, signal, toWaiting);
      else if (performance.now() > deadline) toWaiting('SIGKILL');
      else if (child.exitCode === null && child.signalCode === null) setTimeout(send, 2).unref();
    };
    send();
    return true;
  };
  return child;
}

/** The program's id as this machine numbers it; undefined while it is coming in, and when it has ended. */
export function programPid(child: ChildProcess): number | undefined {
  return child.pid === undefined ? undefined : firstChild(child.pid);
}

function signalProgram(
  pid: number,
  signal: NodeJS.Signals | number,
  toWaiting: (signal: NodeJS.Signals | number) => boolean,
): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
  // nsenter(1) stops itself when the program is stopped, and would never notice its end.
  if (signal === 'SIGCONT') toWaiting(signal);
}
