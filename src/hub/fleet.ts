import type { Bus } from '../bus/bus.js';
import type { Logger } from '../log.js';
import { Exchange } from '../rpc/exchange.js';
import type { ExchangeStats } from '../rpc/exchange-state.js';
import type { Attendance } from './activity/roll.js';
import { Adoption } from './adoption.js';
import { Reception } from './hello.js';
import { Joiner } from './joiner.js';
import type { NodeBandwidth } from './limits/node-bandwidth.js';
import { Nodes } from './nodes.js';
import { Pinger } from './pinger.js';
import { Presence } from './presence.js';
import type { Readiness } from './readiness.js';
import type { NodeRegistry } from './registry.js';
import type { Undo } from './undo.js';

/** Giving nodes up when the hub ends may take so long, in milliseconds. */
const releaseWithinMs = 5_000;

/** The hub's side towards the bus: calls, the other hubs, and the nodes that it watches over. */
export interface Fleet {
  readonly nodes: Nodes;
  /** Gives instances their places. */
  readonly reception: Reception;
  /** Whether another hub is there, or may be for all that is known. */
  lives(hub: string): boolean;
  /** What the exchange of calls with the bus has counted. */
  traffic(): ExchangeStats;
  /** Takes in no more agents and gives all nodes up to the other hubs. */
  retire(): Promise<void>;
}

/** Joins the bus as a hub. `undo` learns how to leave it. */
export function joinFleet(
  options: {
    bus: Bus;
    registry: NodeRegistry;
    readiness: Readiness;
    hub: string;
    predecessor: string | undefined;
    version: string;
    /** Hears which instances join nodes and leave them. */
    attendance: Attendance;
    log: Logger;
    /** Absent: no node is limited. */
    bandwidth?: NodeBandwidth | undefined;
  },
  undo: Undo,
): Fleet {
  const { bus, registry, readiness, hub, predecessor, version, log } = options;
  const self = { name: 'hub', instance: hub };
  const joined = bus.joinCalls(self, {
    receive: (from, message) => exchange.receive(from, message),
    noResponders: (to, ticket) => {
      nodes.unreachable(to);
      exchange.noResponders(to, ticket);
    },
  });
  undo.add(joined.stop);
  const exchange = new Exchange({ self, port: joined.port, log });
  undo.add(() => exchange.close());

  const nodes = new Nodes({
    registry,
    peers: exchange,
    bus,
    hub,
    attendance: options.attendance,
    log,
    bandwidth: options.bandwidth,
  });
  const presence = new Presence({ bus, self: hub, version, predecessor });
  const reception = new Reception({ bus, registry, nodes, presence, hub, log });
  const pinger = new Pinger({ nodes, peers: exchange, connected: () => bus.connected });
  const adoption = new Adoption({ registry, presence, hub, mayWrite: () => readiness.mayWrite, log });
  const joiner = new Joiner({ nodes, pinger });
  const parts = [nodes, presence, pinger, joiner, adoption, reception];
  for (const part of parts) {
    undo.add(() => part.stop());
    part.start();
  }
  undo.add(
    bus.onStatus((status) => {
      if (status.type === 'reconnected') {
        presence.reconnected();
        exchange.resync();
      } else exchange.disconnected();
    }),
  );

  return {
    nodes,
    reception,
    lives: (other) => presence.lives(other),
    traffic: () => exchange.stats(),
    retire: async () => {
      reception.stop();
      adoption.stop();
      pinger.stop();
      joiner.stop();
      let timer: NodeJS.Timeout | undefined;
      const bound = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, releaseWithinMs);
      });
      await Promise.race([nodes.release(), bound]);
      clearTimeout(timer);
      presence.stop();
    },
  };
}
