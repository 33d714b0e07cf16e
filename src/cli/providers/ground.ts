import type { ChildProcess } from 'node:child_process';

/** Where the daemon of a node is. */
export interface DaemonPlace {
  /** Where it serves gRPC, as its agent dials it: `HOST:PORT`. */
  readonly grpc: string;
  /** Where it takes peers; undefined: nowhere, it only dials. */
  readonly peerListen: string | undefined;
  /** Where others reach it; undefined: only through a relay. */
  readonly reachedAt: string | undefined;
}

/** Where the relays of a node's agent stand, between its daemon and the others. */
export interface RelayPlaces {
  /** Where others come, and are led on to where the daemon takes peers. */
  readonly listen: string;
  /** Where its daemon comes: ports from this one on, one for each node that it is told of. */
  readonly host: string;
  readonly port: number;
}

/** Where a world stands: this machine, or a lab. */
export interface Ground {
  /** Where the hub listens. */
  readonly hubListen: readonly string[];
  /** The hub's front door for agents, and its address for this process; `listen`: what the hub has told. */
  hubUrl(listen: readonly string[]): string;
  hubAddress(listen: readonly string[]): string;
  place(node: string): DaemonPlace;
  /** IP addresses at which others find a node. */
  addresses(node: string): readonly string[];
  /** Undefined: there are no relays between daemons, or none can reach this one. */
  relays(node: string): RelayPlaces | undefined;
  /**
   * Starts a program on the hub's machine or on a node's, in a session of its own: what a terminal sends to the processes
   * in its foreground does not reach it. It dies with this process.
   */
  spawn(
    machine: string,
    argv: readonly string[],
    options: { readonly env: NodeJS.ProcessEnv; readonly stdio: ['ignore', 'pipe', number] },
  ): ChildProcess;
  /** Kills all that was started. */
  end(): Promise<void>;
}

/** A node, as far as the ground has to know it. */
export interface GroundNode {
  readonly name: string;
  readonly public: boolean;
  /** Whether its daemon is told of relays. */
  readonly relayed: boolean;
}
