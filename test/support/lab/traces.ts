import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const kinds = ['net', 'mnt', 'pid', 'uts', 'user'] as const;

/** The namespaces of a process, as `net:[4026531840]`; none when it has ended. */
export async function namespacesOf(pid: number | 'self'): Promise<string[]> {
  return (
    await Promise.all(kinds.map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => undefined)))
  ).filter((name) => name !== undefined);
}

/** The processes that are in one of these namespaces. */
export async function processesIn(namespaces: readonly string[]): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => (await namespacesOf(pid)).some((name) => namespaces.includes(name))),
  );
  return pids.filter((_, i) => found[i]);
}

/** What a lab could leave in this machine's own network and mounts: interfaces, firewall tables, mounts, addresses. */
export async function machineState(env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const tables =
    process.getuid?.() === 0
      ? (await exec('nft', ['list', 'tables'], { env })).stdout
      : 'only root may see them';
  return {
    interfaces: (await readdir('/sys/class/net')).sort(),
    routes: await readFile('/proc/net/route', 'utf8').then((text) => text.split('\n').length),
    tables,
    mounts: (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').sort(),
    namedNamespaces: await readdir('/run/netns').catch(() => []),
  };
}
