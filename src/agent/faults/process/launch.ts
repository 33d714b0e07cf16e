import { spawn } from 'node:child_process';
import { open, readFile, readlink, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startMark } from '../../../bus/process-identity.js';
import { errorText, PosternError } from '../../../errors.js';
import { listeningAt } from './listening.js';
import { isThere, type ProcessRef } from './signals.js';

/** A daemon that was started may take so long to listen, milliseconds. */
const listenWithinMs = 15_000;
const lookEveryMs = 50;

/** How a daemon is started as it was. */
export const launchOrder = z.object({
  /** Where it listens; who listens there already is the daemon. */
  address: z.string(),
  /** The program's file, and its arguments with its own name first. */
  file: z.string().min(1),
  argv: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()),
  directory: z.string(),
  user: z.number().int().nonnegative(),
  group: z.number().int().nonnegative(),
  /** File that takes what it writes. */
  output: z.string(),
});
export type LaunchOrder = z.infer<typeof launchOrder>;

/** Reads from /proc how a process was started. Throws `DAEMON_NOT_OURS` where this user may not know. */
export async function launchOrderOf(
  { pid }: ProcessRef,
  address: string,
  output: string,
): Promise<LaunchOrder> {
  try {
    const [cmdline, environ, file, directory, owner, status] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/environ`, 'utf8'),
      readlink(`/proc/${pid}/exe`),
      readlink(`/proc/${pid}/cwd`),
      stat(`/proc/${pid}`),
      readFile(`/proc/${pid}/status`, 'latin1'),
    ]);
    const [user, group] = [realId(status, 'Uid'), realId(status, 'Gid')];
    // Of a program that runs with the rights of its file (setuid) somebody with fewer has chosen the words and variables.
    if (owner.uid !== user) throw new Error(`user ${user} has started it, and it acts as user ${owner.uid}`);
    const variables = environ.split('\0').flatMap((line) => {
      const at = line.indexOf('=', 1);
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    });
    const argv = cmdline.replace(/\0$/, '').split('\0');
    const environment = Object.fromEntries(variables);
    return launchOrder.parse({
      ...{ address, file, argv, environment, directory, output },
      ...{ user, group },
    });
  } catch (thrown) {
    throw new PosternError(
      'DAEMON_NOT_OURS',
      `how process ${pid} was started cannot be read: ${errorText(thrown)}`,
    );
  }
}

/** The real id of proc(5)'s `status`, of real, effective, saved and of the file system. */
function realId(status: string, which: 'Uid' | 'Gid'): number {
  return Number(new RegExp(`^${which}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

/**
 * Starts a daemon as it was, unless somebody listens at its address already, and resolves when it listens, to what people
 * should know. Rejects `DAEMON_NOT_STARTED`.
 */
export async function launchDaemon(order: LaunchOrder): Promise<string | undefined> {
  const { address, output } = order;
  if ((await listeningAt(address)).length > 0) return 'somebody else had started the daemon again';
  const started = await spawned(order);
  const endMs = performance.now() + listenWithinMs;
  while ((await listeningAt(address)).length === 0) {
    if (!(await isThere(started))) throw notStarted(`it ended at once; what it said is in ${output}`);
    if (performance.now() > endMs) return `it was started, and did not listen within ${listenWithinMs} ms`;
    await sleep(lookEveryMs);
  }
  return undefined;
}

async function spawned(order: LaunchOrder): Promise<ProcessRef> {
  const { file, argv, environment, directory, user, group } = order;
  const [argv0 = file, ...args] = argv;
  // Only root starts processes of others.
  const as = process.getuid?.() === 0 ? { uid: user, gid: group } : {};
  const output = await open(order.output, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      ...as,
      argv0,
      env: environment,
      cwd: directory,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(notStarted(error.message)));
    });
    child.unref();
    const pid = child.pid ?? 0;
    return { pid, mark: (await startMark(pid)) ?? '' };
  } finally {
    await output.close();
  }
}

function notStarted(why: string): PosternError {
  return new PosternError('DAEMON_NOT_STARTED', `the daemon was not started again: ${why}`);
}
