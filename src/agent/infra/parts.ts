/** What the facade asks of the daemon beside the agent. */
export interface PeerPart {
  /** Whether agent, daemon and link to the hub are well; throws nothing but what the signal says. */
  testConnection(signal: AbortSignal): Promise<boolean>;
  /** Whether the daemon at `host:port` answers; asks it at most `tries` times more than once. */
  testConnectionToPeer(
    asked: { readonly tries: number; readonly host: string; readonly port: string },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Whether the process of the daemon runs. */
  isProcessRunning(signal: AbortSignal): Promise<boolean>;
  /** Says which daemon the agent works with; again with the same one changes nothing. */
  connectToPeer(asked: { readonly host: string; readonly port: string }, signal: AbortSignal): Promise<void>;
}

/** Outages by lot. */
export interface ReliabilityPart {
  /** 1 in `odds` per `timeoutSeconds`; 0 and 0 switch it off. */
  set(asked: { readonly timeoutSeconds: number; readonly odds: number }): Promise<void>;
  /** Draws no more; what acts is ended. An agent that is started again goes on. */
  close(): Promise<void>;
}

/** The logs of the node, on their way to the hub. */
export interface UploadPart {
  /** Brings the log files to the hub, under `folder` and `name`: how many, and where they are now. */
  upload(
    asked: { readonly folder: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly links: readonly string[] }>;
}

/** Replication of a group by a node that a token server vouches for. */
export interface ReplicationPart {
  /** `group`: the group's key as the adapter names it; `tokenIp`: HOST or HOST:PORT of the token server (8091 where none is named). */
  add(
    asked: { readonly group: string; readonly groupName: string; readonly tokenIp: string },
    signal: AbortSignal,
  ): Promise<void>;
}

/** What others build and the facade uses; what is not there is answered with UNIMPLEMENTED. */
export interface InfraParts {
  readonly peer?: PeerPart | undefined;
  readonly reliability?: ReliabilityPart | undefined;
  readonly upload?: UploadPart | undefined;
  readonly replication?: ReplicationPart | undefined;
}
