import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { PosternError } from '../../errors.js';
import type { DaemonPlace, Ground, GroundNode, RelayPlaces } from './ground.js';
import { type LocalPlace, localAddresses } from './local-addresses.js';

/** Has the kernel kill what it runs when the process that started it dies. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

/** Ports of a node, from its first one on: of the daemon's gRPC, where its peers find it, where it is behind relays, and of these. */
const ports = { grpc: 0, peers: 1, inner: 2, firstRelay: 3 };

/** What was killed may take so long to go, milliseconds. */
const killMs = 10_000;

/** What a node has of this machine. */
interface LocalNode extends LocalPlace {
  readonly place: DaemonPlace;
}

/**
 * This machine: all nodes are processes on loopback addresses. With `relays`, what daemons send each other goes through
 * their agents. Throws `WORLD_FAILED`.
 */
export async function localGround(
  nodes: readonly GroundNode[],
  { env, relays }: { readonly env: NodeJS.ProcessEnv; readonly relays: boolean },
): Promise<Ground> {
  const found = await localAddresses(nodes.length, relays ? ports.firstRelay + nodes.length : ports.inner);
  const local = new Map<string, LocalNode>();
  nodes.forEach(({ name }, i) => {
    const { host = '', port = 0 } = found[i] ?? {};
    const at = (further: number): string => `${host}:${port + further}`;
    const peerListen = relays ? at(ports.inner) : at(ports.peers);
    const place = { grpc: at(ports.grpc), peerListen, reachedAt: at(ports.peers) };
    local.set(name, { host, port, place });
  });
  const [command, ...args] = dieWithParent;
  // Where there is no such program, whoever sweeps the world is left to do it.
  const prefix = spawnSync(command, [...args, 'true'], { env, stdio: 'ignore' }).status === 0;
  return new LocalGround(local, relays, prefix ? dieWithParent : []);
}

class LocalGround implements Ground {
  readonly hubListen = ['127.0.0.1:0'];
  readonly #nodes: ReadonlyMap<string, LocalNode>;
  readonly #relays: boolean;
  readonly #prefix: readonly string[];
  readonly #living = new Set<ChildProcess>();

  constructor(nodes: ReadonlyMap<string, LocalNode>, relays: boolean, prefix: readonly string[]) {
    this.#nodes = nodes;
    this.#relays = relays;
    this.#prefix = prefix;
  }

  hubUrl(listen: readonly string[]): string {
    return `http://${this.hubAddress(listen)}`;
  }

  hubAddress([first = '']: readonly string[]): string {
    return first;
  }

  place(node: string): DaemonPlace {
    return this.#node(node).place;
  }

  addresses(node: string): readonly string[] {
    return [this.#node(node).host];
  }

  relays(node: string): RelayPlaces | undefined {
    const { host, port } = this.#node(node);
    const listen = `${host}:${port + ports.peers}`;
    return this.#relays ? { listen, host, port: port + ports.firstRelay } : undefined;
  }

  #node(name: string): LocalNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new PosternError('WORLD_FAILED', `there is no node '${name}'`);
    return node;
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
