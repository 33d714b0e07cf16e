import type { Act, Healed, Refusal } from '../../../src/agent/faults/injection.js';
import type { Proof } from '../../../src/agent/faults/proof/judging.js';
import type { FaultSight } from '../../../src/agent/faults/proof/observed.js';
import type { Datagrams, Place } from './flows.js';

/** A fault by the kernel, and what is sent meanwhile. */
export interface Exhibit {
  readonly directory: string;
  readonly hub: Place;
  readonly peer: Place;
  readonly act: Act;
  readonly forMs: number;
  /** How many datagrams go to the peer at each look. */
  readonly datagrams: number;
  /** How many bytes go to the peer and back at each look. */
  readonly bulk: number;
  /** Another fault like it is tried meanwhile. */
  readonly rival: boolean;
  /** A program that is run while it acts; nothing: none. */
  readonly meanwhile: readonly string[];
  /** The process that makes it is killed while it acts. */
  readonly dies: boolean;
  /** How long after the heal all is as before, milliseconds. */
  readonly settleMs: number;
}

/** What became of traffic. */
export interface Looks {
  readonly toHub: string;
  readonly toPeer: string;
  readonly toDaemon: string;
  /** Of connections that were there before. */
  readonly hubFlow: string;
  readonly peerFlow: string;
  readonly datagrams: Datagrams;
  readonly bytesPerSecond: number;
}

/** What became of a fault. */
export type Exhibited =
  | { readonly refused: Refusal }
  | {
      readonly refused?: never;
      readonly by: string;
      readonly before: Looks;
      readonly during: Looks;
      readonly after: Looks;
      readonly dropped: number;
      readonly healed: Healed;
      readonly proven: Proof | undefined;
      readonly sights: readonly FaultSight[];
      /** What became of the other fault. */
      readonly rival: string;
      /** nftables, queues, addresses and routes. */
      readonly states: { readonly before: string; readonly during: string; readonly after: string };
    };
