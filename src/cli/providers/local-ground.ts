import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../../errors.js';
import type { DaemonPlace, Ground, GroundNode } from './ground.js';
import { localAddresses } from './local-addresses.js';

/** Has the kernel kill what it runs when the process that started it dies. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

/** What was killed may take so long to go, milliseconds. */
const killMs = 10_000;

/** This machine: all nodes are processes on loopback addresses. Throws `WORLD_FAILED`. */
export async function localGround(nodes: readonly GroundNode[], env: NodeJS.ProcessEnv): Promise<Ground> {
  const pairs = await localAddresses(nodes.length);
  const places = new Map<string, DaemonPlace>();
  nodes.forEach(({ name }, i) => {
    const { grpc = '', peers } = pairs[i] ?? {};
    places.set(name, { grpc, peerListen: peers, reachedAt: peers });
  });
  const [command, ...args] = dieWithParent;
  // Where there is no such program, whoever sweeps the world is left to do it.
  const prefix = spawnSync(command, [...args, 'true'], { env, stdio: 'ignore' }).status === 0;
  return new LocalGround(places, prefix ? dieWithParent : []);
}

class LocalGround implements Ground {
  readonly hubListen = ['127.0.0.1:0'];
  readonly #places: ReadonlyMap<string, DaemonPlace>;
  readonly #prefix: readonly string[];
  readonly #living = new Set<ChildProcess>();

  constructor(places: ReadonlyMap<string, DaemonPlace>, prefix: readonly string[]) {
    this.#places = places;
    this.#prefix = prefix;
  }

  hubUrl(listen: readonly string[]): string {
    return `http://${this.hubAddress(listen)}`;
  }

  hubAddress([first = '']: readonly string[]): string {
    return first;
  }

  place(node: string): DaemonPlace {
    const place = this.#places.get(node);
    if (place === undefined) throw new PosternError('WORLD_FAILED', `there is no node '${node}'`);
    return place;
  }

  spawn(
    _machine: string,
    argv: readonly string[],
    options: { readonly env: NodeJS.ProcessEnv; readonly stdio: ['ignore', 'pipe', number] },
  ): ChildProcess {
    const [command = '', ...args] = [...this.#prefix, ...argv];
    const child = spawn(command, args, { ...options, cwd: '/', detached: true });
    this.#living.add(child);
    child.once('close', () => this.#living.delete(child));
    return child;
  }

  async end(): Promise<void> {
    const closed = [...this.#living].map((child) => once(child, 'close'));
    for (const child of this.#living) child.kill('SIGKILL');
    await Promise.race([Promise.allSettled(closed), sleep(killMs, undefined, { ref: false })]);
  }
}
