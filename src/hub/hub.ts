import type { Registry } from 'prom-client';
import type { BusAuthority, RevokedKeys } from '../bus/authority.js';
import type { Bus } from '../bus/bus.js';
import type { Logger } from '../log.js';
import type { HubOperators } from '../operating.js';
import type { OwnPage } from '../own-page.js';
import type { OwnService } from '../own-service.js';
import type { OwnSocket } from '../own-socket.js';
import type { Tracing } from '../tracing/tracing.js';
import type { HubConfigInput } from './config.js';
import { raiseHub } from './raise.js';
import type { Reloaded } from './reload.js';

export { type HubConfig, type HubConfigInput, hubConfig } from './config.js';

/** What a hub is given by whoever starts it. */
export interface HubDeps {
  /** Connected as `hub`; whoever started the hub closes it, after the hub has stopped. */
  readonly bus: Bus;
  /** Connected as `tunnel`, closed by whoever started the hub; without it nodes cannot open tunnels. */
  readonly tunnelBus?: Bus;
  /** Makes the bus credentials of agents that enrol. */
  readonly authority: Pick<BusAuthority, 'mint'>;
  /** Tells the servers of the bus which keys are revoked; without it credentials that were handed out go on until they expire. */
  readonly revokeOnBus?: (revoked: RevokedKeys) => Promise<string>;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Services of other roles in the same process, which the hub answers for, for whom they admit. */
  readonly services?: readonly OwnService[];
  /** Pages of other roles in the same process, which the front door shows to everybody. */
  readonly pages?: readonly OwnPage[];
  /** WebSockets of other roles in the same process. */
  readonly sockets?: readonly OwnSocket[];
  /** Makes spans of calls; without it there are none. */
  readonly tracing?: Tracing | undefined;
  /** Instance id on the bus; default: random. */
  readonly hubInstance?: string;
  /** Version of Postern, as other hubs are told. */
  readonly version?: string;
}

/** What a hub knows of the processes behind nodes. */
export interface NodeProcesses {
  /** Whether the process with this boot id has a place as an instance of the node. */
  lives(node: string, boot: string): boolean;
  /** Hears the name of each node whose instances may be others than before. */
  onChange(listener: (node: string) => void): () => void;
}

/** Where a hub that is ready can be reached, and what it knows. */
export interface HubReady {
  readonly processes: NodeProcesses;
  /** The addresses as bound, in the order of the configuration. */
  readonly listen: string[];
  readonly metrics: string | undefined;
}

/** A hub that was started. */
export interface RunningHub {
  /** What it does for operators once it is ready; to be told something before is no harm. */
  readonly operators: HubOperators;
  /** Rejects with a `PosternError` when the hub can not start (`CONFIG_INVALID` among them); it has cleaned up then. */
  readonly ready: Promise<HubReady>;
  /**
   * Puts the routes and certificates of another configuration into effect, all or none; open calls go on. Rejects with a
   * `PosternError` that says what is wrong, and the old ones stay.
   */
  reload(config: HubConfigInput): Promise<Reloaded>;
  /** Gives its nodes up, lets open calls finish for `drainSeconds`, and ends. Calling it twice waits for the same. */
  stop(): Promise<void>;
}

/** Starts a hub: the front door, and the watch over its nodes. */
export function startHub(config: HubConfigInput, deps: HubDeps): RunningHub {
  const raised = raiseHub(config, deps);
  const ready = raised.then(({ listen, metrics, processes }) => ({ listen, metrics, processes }));
  // Whoever does not look at `ready` shall not be ended by its rejection.
  ready.catch(() => {});
  let stopped: Promise<void> | undefined;
  return {
    ready,
    operators: {
      node: async (...asked) => (await raised).operators.node(...asked),
      told: (operated) => {
        raised.then(
          (hub) => hub.operators.told(operated),
          () => {},
        );
      },
    },
    reload: async (other) => (await raised).reload(other),
    stop: () => {
      stopped ??= raised.then(
        (hub) => hub.stop(),
        () => {},
      );
      return stopped;
    },
  };
}
