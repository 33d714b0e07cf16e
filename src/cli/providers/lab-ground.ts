import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { PosternError } from '../../errors.js';
import { type Lab, openLab } from '../../lab/lab.js';
import type { DaemonPlace, Ground, GroundNode, RelayPlaces } from './ground.js';

/** Ports in the lab; each machine has all of them for itself. */
const ports = { hub: 8080, grpc: 9091, peers: 4100, inner: 4101, firstRelay: 4200 };
/** Bytes of a path that a socket can have (unix(7)), but for the zero at its end. */
const longestSocket = 107;

/**
 * A lab: each node is behind a NAT of its own, or public. The NAT of a node leads to the peer port of its daemon; a node
 * that is told of relays has a NAT that leads nowhere. With `relays`, what daemons send each other goes through their agents. Commands reach the hub by a socket in the file system, which no cut
 * of a network reaches. Throws what `openLab` does, and `WORLD_INVALID`.
 */
export async function labGround(
  nodes: readonly GroundNode[],
  { directory, env, relays }: { directory: string; env: NodeJS.ProcessEnv; relays: boolean },
): Promise<Ground> {
  const socket = join(directory, 'hub.sock');
  if (Buffer.byteLength(socket) > longestSocket) {
    throw new PosternError(
      'WORLD_INVALID',
      `${directory} is too long for the path of a socket: at most ${longestSocket - 9} bytes`,
      { hint: 'give a shorter one with --directory', exitCode: 2 },
    );
  }
  const places = new Map<string, DaemonPlace>();
  for (const { name, public: open, relayed } of nodes) {
    const closed = relayed && !open;
    places.set(name, {
      grpc: `127.0.0.1:${ports.grpc}`,
      peerListen: closed ? undefined : relays ? `127.0.0.1:${ports.inner}` : `0.0.0.0:${ports.peers}`,
      reachedAt: closed ? undefined : `${name}:${ports.peers}`,
    });
  }
  const spec = nodes.map(({ name, public: open, relayed }) => [
    name,
    { public: open, forward: open || relayed ? [] : [ports.peers] },
  ]);
  const lab = await openLab({ nodes: Object.fromEntries(spec) }, { env });
  return new LabGround(lab, places, { socket, relays });
}

class LabGround implements Ground {
  readonly hubListen: readonly string[];
  readonly #lab: Lab;
  readonly #places: ReadonlyMap<string, DaemonPlace>;
  readonly #socket: string;
  readonly #relays: boolean;

  constructor(
    lab: Lab,
    places: ReadonlyMap<string, DaemonPlace>,
    { socket, relays }: { readonly socket: string; readonly relays: boolean },
  ) {
    this.#lab = lab;
    this.#relays = relays;
    this.#places = places;
    this.#socket = `unix:${socket}`;
    this.hubListen = [`0.0.0.0:${ports.hub}`, this.#socket];
  }

  hubUrl(): string {
    return `http://hub:${ports.hub}`;
  }

  hubAddress(): string {
    return this.#socket;
  }

  place(node: string): DaemonPlace {
    const place = this.#places.get(node);
    if (place === undefined) throw new PosternError('WORLD_FAILED', `there is no node '${node}'`);
    return place;
  }

  addresses(node: string): readonly string[] {
    return [this.#lab.address(node)];
  }

  relays(): RelayPlaces | undefined {
    if (!this.#relays) return undefined;
    return { listen: `0.0.0.0:${ports.peers}`, host: '127.0.0.1', port: ports.firstRelay };
  }

  spawn(
    machine: string,
    argv: readonly string[],
    options: { readonly env: NodeJS.ProcessEnv; readonly stdio: ['ignore', 'pipe', number] },
  ): ChildProcess {
    return this.#lab.exec(machine, argv, { ...options, cwd: '/', detached: true });
  }

  end(): Promise<void> {
    return this.#lab.close();
  }
}
