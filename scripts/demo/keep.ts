import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkoutRoot } from '../../test/support/processes.js';
import { findLeftovers } from '../testing/leftovers.js';
import type { Demo } from './context.js';
import { until } from './programs.js';
import { endProcess } from './world.js';

/** One file for each demo that was left up. */
const keptDir = path.join(checkoutRoot, '.build/demos');

/** What is needed to stop a demo later. */
interface Kept {
  readonly dir: string;
  readonly mark: string;
  /** In the order in which they were started. */
  readonly pids: readonly number[];
}

/** Notes how to stop what runs, and says how to use it. */
export function keepUp({ stage, world, hub, token }: Demo): void {
  const kept: Kept = {
    dir: world.dir,
    mark: `${world.mark.name}=${world.mark.value}`,
    pids: world.programs.started.filter((program) => program.running()).map((program) => program.pid),
  };
  mkdirSync(keptDir, { recursive: true });
  writeFileSync(path.join(keptDir, `${path.basename(world.dir)}.json`), JSON.stringify(kept), {
    mode: 0o600,
  });
  stage.part('It stays up. Try:');
  stage.command(`export POSTERN_DATA=${world.data}`);
  stage.command('bin/postern nodes');
  stage.command(`bin/postern call demo grpc.testing.TestService/UnaryCall -d '{"responseSize":9}'`);
  stage.command('bin/postern inspect demo --follow');
  stage.command('bin/postern proxy etcd --listen 127.0.0.1:2379   # and, elsewhere: etcdctl get greeting');
  stage.command(`grpcurl -plaintext -H 'name: demo' -H 'authorization: Bearer ${token}' ${hub} list`);
  stage.show(`logs: ${path.join(world.dir, 'logs')}`);
  stage.part('Stop it with: make demo-stop');
}

/** Stops every demo that was left up; resolves to how many. */
export async function stopKept(): Promise<number> {
  let stopped = 0;
  for (const file of keptFiles()) {
    const kept: Kept = JSON.parse(readFileSync(file, 'utf8'));
    for (const pid of await ours(kept)) {
      signal(pid, 'SIGTERM');
      await until(async () => !(await ours(kept)).includes(pid), 15_000);
    }
    for (const { pid } of await findLeftovers(kept.mark, 5_000)) endProcess(pid);
    rmSync(kept.dir, { recursive: true, force: true, maxRetries: 5 });
    rmSync(file);
    stopped++;
  }
  return stopped;
}

function keptFiles(): string[] {
  try {
    return readdirSync(keptDir).map((name) => path.join(keptDir, name));
  } catch {
    return [];
  }
}

/** The programs that still run, the last started first; a pid may belong to somebody else by now. */
async function ours({ mark, pids }: Kept): Promise<number[]> {
  // Without /proc there is no telling.
  if (!existsSync('/proc/self/environ')) return [...pids].reverse().filter(isAlive);
  const alive = new Set((await findLeftovers(mark, 0)).map(({ pid }) => pid));
  return pids.filter((pid) => alive.has(pid)).reverse();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
