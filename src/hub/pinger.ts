import { PosternError } from '../errors.js';
import type { NodeView, Peers } from './node-view.js';
import type { NodeWatch } from './node-watch.js';
import type { Nodes } from './nodes.js';

/** Each instance is pinged so often, in milliseconds. */
export const pingIntervalMs = 2_000;
/** An answer counts while it is this late, in milliseconds. */
const answerWithinMs = 2 * pingIntervalMs;
/** The nodes are pinged in so many groups, one after the other, so that the load is even. */
const groups = 10;

/** Pings all instances of all nodes that this hub owns, and counts the nodes' open calls now and then. */
export class Pinger {
  readonly #nodes: Nodes;
  readonly #peers: Pick<Peers, 'ping'>;
  readonly #connected: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #group = 0;

  constructor(options: { nodes: Nodes; peers: Pick<Peers, 'ping'>; connected: () => boolean }) {
    this.#nodes = options.nodes;
    this.#peers = options.peers;
    this.#connected = options.connected;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), pingIntervalMs / groups);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Pings one instance out of its turn; silence is not counted. */
  ask(node: string, watch: NodeWatch, instance: string): void {
    // While the hub is cut off nobody can answer: that is no sign of the nodes.
    if (!this.#connected()) return;
    const given = watch.standing(instance) === 'ready';
    this.#peers.ping({ name: node, instance }, answerWithinMs, given).then(
      (milliseconds) => {
        watch.send({ type: 'HEARD', instance, roundTripUs: Math.round(milliseconds * 1000) });
        // It waits for this word to know that calls will come.
        if (!given && watch.standing(instance) === 'ready') this.ask(node, watch, instance);
      },
      (thrown: unknown) => {
        if (thrown instanceof PosternError && thrown.code === 'NO_RESPONDERS')
          watch.send({ type: 'UNREACHABLE', instance });
      },
    );
  }

  #tick(): void {
    this.#group = (this.#group + 1) % groups;
    const ping = this.#connected();
    let at = 0;
    for (const view of this.#nodes.all()) {
      const { watch } = view;
      if (watch === undefined) continue;
      watch.callsOpen(view.openCalls);
      const due = at++ % groups === this.#group;
      if (ping && (due || watch.urgent)) this.#round(view, watch);
    }
  }

  #round(view: NodeView, watch: NodeWatch): void {
    watch.urgent = false;
    const instances = watch.instances();
    if (instances.length > 0) watch.send({ type: 'PING_ROUND' });
    for (const instance of instances) this.ask(view.name, watch, instance);
    this.#nodes.record(view);
  }
}
