import type { Injector } from './injection.js';

/** A relay that is open, as capabilities tell it. */
export interface OpenRelay {
  /** Name of the node to whose daemon it leads; '': to the daemon beside this agent. */
  readonly node: string;
  readonly protocol: 'tcp' | 'udp';
  /** `HOST:PORT` at which it listens now. */
  readonly listen: string;
  /** `HOST:PORT` to which it leads. */
  readonly target: string;
}

/** The relays of an agent, which lead on what comes to them all the agent's life. */
export interface Relays {
  readonly open: readonly OpenRelay[];
  /** Disturbs what goes through them: acts of the scope `daemon`, of which `from` names the nodes. */
  readonly faults: Injector;
  /** Ends all of them, and what goes through them. */
  close(): Promise<void>;
}
