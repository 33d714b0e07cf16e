import type { WebSocket } from 'ws';
import type { Bus } from '../../bus/bus.js';
import type { HelloAnswer } from '../../bus/messages.js';
import { subjects } from '../../bus/subjects.js';
import type { Logger } from '../../log.js';
import type { Tracing } from '../../tracing/tracing.js';
import type { Reception } from '../hello.js';
import { helloOf, Tunnel, type TunnelPeer } from './tunnel.js';

/** How often the tunnels are looked after, milliseconds. */
const tendEveryMs = 1_000;

/** All tunnels that lead to this hub. */
export class Tunnels {
  readonly #bus: Bus;
  readonly #reception: Pick<Reception, 'welcome'>;
  readonly #hub: string;
  readonly #connectTimeoutMs: number;
  readonly #pingEveryMs: number;
  readonly #tracing: Tracing | undefined;
  readonly #log: Logger;
  readonly #open = new Set<Tunnel>();
  readonly #stops: (() => void)[] = [];

  constructor(options: {
    /** A connection with the rights of the role `tunnel`. */
    bus: Bus;
    reception: Pick<Reception, 'welcome'>;
    hub: string;
    /** Bound for a node's server to be ready for calls, milliseconds. */
    connectTimeoutMs: number;
    /** How often a tunnel is asked whether it lives, milliseconds. */
    pingEveryMs: number;
    /** Makes spans of the calls to the nodes. */
    tracing?: Tracing | undefined;
    log: Logger;
  }) {
    this.#bus = options.bus;
    this.#reception = options.reception;
    this.#hub = options.hub;
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#pingEveryMs = options.pingEveryMs;
    this.#tracing = options.tracing;
    this.#log = options.log;
  }

  /** Tunnels that are open now. */
  get size(): number {
    return this.#open.size;
  }

  start(): void {
    const timer = setInterval(() => {
      for (const tunnel of this.#open) tunnel.tend();
    }, tendEveryMs);
    timer.unref();
    this.#stops.push(
      () => clearInterval(timer),
      this.#bus.subscribe(subjects.notice, {}, ({ params, body }) => {
        for (const tunnel of this.#open) if (tunnel.node === params.node) tunnel.noticed(body);
      }),
      this.#bus.onStatus(({ type }) => {
        for (const tunnel of this.#open) {
          if (type === 'reconnected') tunnel.reconnected();
          else tunnel.disconnected();
        }
      }),
    );
  }

  /** Asks for a place for who wants a tunnel, and had the instance id `before`. Never throws. */
  claim(peer: Omit<TunnelPeer, 'instance' | 'ours'>, before?: string): Promise<HelloAnswer> {
    return this.#reception.welcome(peer.node, peer.key, helloOf(peer), { to: this.#hub, before });
  }

  /** Gives a place up that no tunnel came of. */
  giveUp({ node, key }: Pick<TunnelPeer, 'node' | 'key'>, instance: string): void {
    if (this.#bus.connected) this.#bus.publish(subjects.bye, { node, key }, { instance, reason: 'stopped' });
  }

  /** Serves a node that has a place and whose WebSocket was accepted. */
  take(socket: WebSocket, peer: TunnelPeer): void {
    const tunnel = new Tunnel(socket, peer, {
      bus: this.#bus,
      claim: (node, key, hello) => this.#reception.welcome(node, key, hello, { to: this.#hub }),
      connectTimeoutMs: this.#connectTimeoutMs,
      pingEveryMs: this.#pingEveryMs,
      tracing: this.#tracing,
      log: this.#log,
      closed: (closed) => this.#open.delete(closed),
    });
    this.#open.add(tunnel);
  }

  /** Round trip to the node of an instance in milliseconds; undefined where there is no such tunnel here. */
  roundTripMs(instance: string): number | undefined {
    for (const tunnel of this.#open) if (tunnel.instance === instance) return tunnel.roundTripMs;
    return undefined;
  }

  /** Gives all nodes the time to finish their calls, at most `graceMs`, and sends them elsewhere. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all([...this.#open].map((tunnel) => tunnel.drain(graceMs)));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const tunnel of this.#open) tunnel.close(1001, 'the hub is about to leave');
  }
}
