import { readFile } from 'node:fs/promises';
import { startMark } from '../../../bus/process-identity.js';
import { PosternError } from '../../../errors.js';
import { holdersOf, listeningAt } from './listening.js';
import type { ProcessRef } from './signals.js';

/** The daemon as processes of this machine. */
export interface DaemonProcesses {
  /** Those that hold its listening socket. */
  readonly all: readonly ProcessRef[];
  /** The one that has started the others. */
  readonly head: ProcessRef;
}

/**
 * Finds who listens at the daemon's address. Throws `UNSUPPORTED` where there is no /proc, `DAEMON_NOT_FOUND`,
 * `DAEMON_NOT_OURS`.
 */
export async function findDaemon(target: string): Promise<DaemonProcesses> {
  if (process.platform !== 'linux') {
    throw new PosternError('UNSUPPORTED', `processes are found by /proc, and this is ${process.platform}`);
  }
  const sockets = await listeningAt(target);
  if (sockets.length === 0) {
    throw new PosternError('DAEMON_NOT_FOUND', `no process of this machine listens at ${target}`);
  }
  const pids = await holdersOf(sockets);
  const all: ProcessRef[] = [];
  const parents = new Map<number, number>();
  for (const pid of pids) {
    const mark = await startMark(pid);
    if (mark === undefined) continue;
    all.push({ pid, mark });
    const facts = await processFacts(pid);
    parents.set(pid, facts.parent);
    if (!facts.isOurs) throw notOurs(target, `process ${pid}`);
  }
  const head = all.find(({ pid }) => !parents.has(parents.get(pid) ?? 0));
  if (head === undefined) {
    throw notOurs(target, `a process of user ${[...new Set(sockets.map(({ user }) => user))].join(', ')}`);
  }
  return { all, head };
}

function notOurs(target: string, who: string): PosternError {
  return new PosternError(
    'DAEMON_NOT_OURS',
    `${who} listens at ${target}, and this agent may not signal it`,
    {
      hint: 'run the agent as the same user, or as root',
    },
  );
}

/** The parent of a process, and whether this process may send it signals. */
async function processFacts(pid: number): Promise<{ parent: number; isOurs: boolean }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  let isOurs = true;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    isOurs = !(thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM');
  }
  return { parent: Number(parent), isOurs };
}
