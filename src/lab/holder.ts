import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMark } from '../bus/process-identity.js';
import { PosternError } from '../errors.js';
import { firstChild } from './children.js';
import { lastLine, runScript } from './run-script.js';
import type { LabTools } from './tools.js';

/**
 * The process that a lab lives and dies with: the first one of a PID namespace, holding a network and a mount namespace
 * that nothing else holds. When it ends, however it ends, the kernel ends every program of the lab, and then nobody is
 * left who could keep the namespaces.
 */
export interface Holder {
  readonly pid: number;
  /** Tells it from a later process with the same id. */
  readonly mark: string;
  /** Made without being root, inside a user namespace. */
  readonly rootless: boolean;
}

/** A holder that was just started by this process. */
export interface StartedHolder extends Holder {
  /** Lets it live on when this process ends. */
  release(): void;
}

/** How long the kernel may take for a new set of namespaces, and for ending them, in milliseconds. */
const startMs = 20_000;
const endMs = 20_000;

/**
 * What the holder does. Until it reads a line it ends when its input does, so that nothing is left of a lab whose maker
 * died; after that it stays. It ignores SIGCHLD, so that the kernel buries the orphans that it inherits. A /run of its
 * own hides sockets of this machine's services (name service caches, resolvers), which know names a lab must not know.
 */
const script = `set -e
"$1" -t tmpfs -o mode=755,size=16m lab /run
mkdir -p /run/netns /run/lab/hosts
: > /run/lab/resolv.conf
: > /run/netns/internet
"$1" --bind /proc/self/ns/net /run/netns/internet
if [ -e /etc/resolv.conf ]; then "$1" --bind /run/lab/resolv.conf /etc/resolv.conf; fi
bury=
if env --ignore-signal=CHLD true 2>/dev/null; then bury='env --ignore-signal=CHLD'; fi
echo ready
exec >/dev/null 2>&1
read -r stay || exit 0
exec $bury sleep infinity </dev/null
`;

/**
 * Starts a holder: as root in the namespaces of this machine's own user namespace, else, or where root may not, in a
 * user namespace. `how` insists on one of the two. Throws `LAB_REFUSED` where the kernel lets neither.
 */
export async function startHolder(
  tools: LabTools,
  env: NodeJS.ProcessEnv,
  how: { rootless?: boolean | undefined } = {},
): Promise<StartedHolder> {
  const ways =
    how.rootless === undefined ? (process.getuid?.() === 0 ? [false, true] : [true]) : [how.rootless];
  const refusals: string[] = [];
  for (const rootless of ways) {
    const holder = await tryHolder(tools, env, rootless);
    if (typeof holder !== 'string') return holder;
    refusals.push(`${rootless ? 'in a user namespace' : 'as root'}: ${holder}`);
  }
  throw new PosternError(
    'LAB_REFUSED',
    `this system lets nobody make the namespaces of a lab: ${refusals.join('; ')}`,
    {
      hint: 'run it as root; or allow user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0, kernel.unprivileged_userns_clone=1, user.max_user_namespaces=10000); in a container: --privileged',
    },
  );
}

/** Resolves to the holder, or to why there is none. */
async function tryHolder(
  tools: LabTools,
  env: NodeJS.ProcessEnv,
  rootless: boolean,
): Promise<StartedHolder | string> {
  const own = rootless ? ['--user', '--map-root-user'] : [];
  const child = spawn(
    tools.unshare,
    [
      ...own,
      '--net',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--',
      tools.sh,
      '-c',
      script,
      'lab',
      tools.mount,
    ],
    { cwd: '/', detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => {});
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  if (!(await saysReady(child))) {
    child.kill('SIGKILL');
    return lastLine(said) || 'it did not come up in time';
  }
  const pid = child.pid === undefined ? undefined : firstChild(child.pid);
  const mark = pid === undefined ? undefined : await startMark(pid);
  if (pid === undefined || mark === undefined) {
    child.kill('SIGKILL');
    return 'its first process cannot be found: it ended, or /proc has no lists of children (CONFIG_PROC_CHILDREN)';
  }
  // A program that forgets to close its lab may end all the same, and takes the lab along.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
  return {
    pid,
    mark,
    rootless,
    release() {
      child.stdin.end('stay\n');
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

async function saysReady(
  child: ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> },
): Promise<boolean> {
  const timer = setTimeout(() => child.kill('SIGKILL'), startMs);
  const ready = once(child.stdout, 'data').then(([text]) => String(text).startsWith('ready'));
  const ended = new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false)).once('close', () => resolve(false));
  });
  const came = await Promise.race([ready, ended]);
  clearTimeout(timer);
  return came;
}

/** True while the holder lives, and is not another process with the same id. */
export async function isAlive({ pid, mark }: Holder): Promise<boolean> {
  return (await startMark(pid)) === mark;
}

/** Ends the holder, and with it everything in the lab. Throws `LAB_STUCK` when it does not go. */
export async function endHolder(holder: Holder): Promise<void> {
  if (!(await isAlive(holder))) return;
  try {
    process.kill(holder.pid, 'SIGKILL');
  } catch (thrown) {
    if (!(await isAlive(holder))) return;
    throw new PosternError('LAB_STUCK', `cannot end the lab's process ${holder.pid}: another user made it`, {
      cause: thrown,
    });
  }
  for (const end = performance.now() + endMs; performance.now() < end; await sleep(5)) {
    if (!(await isAlive(holder))) return;
  }
  throw new PosternError('LAB_STUCK', `the lab's process ${holder.pid} was killed and does not end`);
}

/** The words before a command that let it run inside the lab, in the namespace where all lines meet. */
export function enterWords(tools: LabTools, { pid, rootless }: Holder): string[] {
  return [
    tools.nsenter,
    `--target=${pid}`,
    ...(rootless ? ['--user', '--preserve-credentials'] : []),
    '--mount',
    '--pid',
    '--net',
    '--',
  ];
}

/** Runs a script inside the lab, in the namespace where all lines meet; resolves to what it printed. */
export async function runInside(
  tools: LabTools,
  holder: Holder,
  text: string,
  options: { what: string; timeoutMs: number },
): Promise<string> {
  return runScript([...enterWords(tools, holder), tools.sh, '-s'], text, options);
}
