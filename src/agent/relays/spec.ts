import type { Logger } from '../../log.js';
import type { TcpAddress } from '../../wire/address.js';
import type { Disturbance } from '../../wire/impaired/disturbance.js';
import type { ProbedWays } from '../../wire/impaired/probe.js';
import type { Counts } from '../../wire/impaired/way.js';
import type { RelaySpec } from '../relay-spec.js';

/** What a relay has led on, in each direction as seen from this machine. */
export interface RelayCounts {
  readonly in: Counts;
  readonly out: Counts;
  /** Connections that a reset has broken, or that a partition has made wait. */
  readonly connections: number;
}

/** A relay that listens. */
export interface Relay {
  readonly spec: RelaySpec;
  /** Where it listens really: the port too where any was asked for. */
  readonly listen: TcpAddress;
  /** Connections, or clients of UDP, that it leads on now. */
  readonly connections: number;
  /** Connections are broken now. */
  readonly isResetting: boolean;
  counts(): RelayCounts;
  /** What disturbs that which comes from an address now; without one, that which disturbs all. */
  ways(from: string | undefined): ProbedWays;
  /**
   * Disturbs all that goes through it, or only what comes from some addresses, beside what does already; what is given back
   * ends that.
   */
  disturb(disturbance: Disturbance, from?: readonly string[]): () => void;
  close(): Promise<void>;
}

/** What the relays of an agent have in common. */
export interface RelayOptions {
  readonly log: Logger;
}
