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

/** Where a world stands: this machine, or a lab. */
export interface Ground {
  /** Where the hub listens. */
  readonly hubListen: readonly string[];
  /** The hub's front door for agents, and its address for this process; `listen`: what the hub has told. */
  hubUrl(listen: readonly string[]): string;
  hubAddress(listen: readonly string[]): string;
  place(node: string): DaemonPlace;
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
