import { type NodeSnapshot, nodeAsRemembered, routable, standingOf, stateName } from '../../machines/node.js';
import type { InstanceEntry, NodeEntry, Standing } from '../bus/messages.js';
import type { CallTarget } from '../rpc/call.js';
import type { PeerAddress } from '../rpc/exchange-port.js';
import { Balancer } from './balancer.js';
import type { NodeBandwidth } from './limits/node-bandwidth.js';
import { PacedTarget } from './limits/paced-call.js';
import type { NodeWatch } from './node-watch.js';
import type { Place, Pool } from './pool.js';
import { remembered } from './remembered.js';

/** What the hub needs of the exchange to reach instances. */
export interface Peers {
  target(to: PeerAddress): CallTarget;
  /** Round trip in milliseconds; rejects when the time is over or nobody listens there. `given`: it is given calls. */
  ping(to: PeerAddress, timeoutMs: number, given: boolean): Promise<number>;
  /** Ends all calls with a peer that is gone; `parted`: it has ended those that it knew, and said bye. */
  forget(to: PeerAddress, reason: string, parted?: boolean): void;
}

/** One instance of a node, as this hub sees it. */
export class InstanceView implements Place {
  readonly id: string;
  readonly address: PeerAddress;
  readonly target: CallTarget;
  readonly services: readonly string[];
  entry: InstanceEntry;
  openCalls = 0;
  /** It has said bye to all hubs; the registry learns of that later. */
  leaving = false;
  /** The bus has just said that nobody listens there; only of use where this hub does not watch over the node. */
  unheard = false;

  constructor(node: string, entry: InstanceEntry, peers: Peers) {
    this.id = entry.id;
    this.entry = entry;
    this.address = { name: node, instance: entry.id };
    this.target = peers.target(this.address);
    this.services = entry.services.map((prefix) => (prefix.startsWith('/') ? prefix : `/${prefix}`));
  }
}

/** One node, as this hub sees it: by its own watch where it owns the node, else by the registry. */
export class NodeView implements Pool {
  readonly name: string;
  readonly instances = new Map<string, InstanceView>();
  /** Takes calls for the node as a whole. */
  readonly target: CallTarget;
  /** Calls that ended here, by gRPC status. */
  readonly ended = new Map<number, number>();
  entry: NodeEntry;
  /** Set while this hub owns the node. */
  watch: NodeWatch | undefined;
  ready: readonly InstanceView[] = [];
  openCalls = 0;
  turn = 0;
  /** The machine's state, e.g. `connected.idle`. */
  state = 'unseen';
  #remembered: NodeSnapshot | undefined;

  /** `bandwidth` undefined: no node is limited. */
  constructor(entry: NodeEntry, bandwidth?: NodeBandwidth) {
    this.name = entry.name;
    this.entry = entry;
    const balancer = new Balancer(this);
    this.target =
      bandwidth === undefined
        ? balancer
        : new PacedTarget(
            balancer,
            bandwidth.pacesOf(() => this.entry),
          );
  }

  /** When an instance was last known to be there, Unix time in milliseconds; 0: never. */
  get lastSeenAtMs(): number {
    return Math.max(this.entry.lastSeenAtMs, this.watch?.lastSeenAtMs ?? 0);
  }

  /** How far an instance may be given calls; undefined: it is gone. */
  standing(instance: InstanceView): Standing | undefined {
    const now = this.#now();
    const standing = standingOf(now, instance.id);
    if (standing !== 'ready') return standing;
    if (instance.leaving || !routable(now).includes(instance.id)) return 'draining';
    return this.watch === undefined && instance.unheard ? 'suspect' : 'ready';
  }

  /** Computes anew what follows from the entry and the watch. True when the state has changed. */
  refresh(): boolean {
    this.#remembered = undefined;
    this.ready = [...this.instances.values()].filter((one) => this.standing(one) === 'ready');
    const before = this.state;
    this.state = stateName(this.#now());
    return before !== this.state;
  }

  /** The node's machine as it is at this hub, or as it would be by what the registry says. */
  #now(): NodeSnapshot {
    if (this.watch !== undefined) return this.watch.snapshot;
    this.#remembered ??= nodeAsRemembered(remembered(this.entry), this.openCalls);
    return this.#remembered;
  }
}
