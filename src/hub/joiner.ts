import type { NodeWatch } from './node-watch.js';
import type { Nodes } from './nodes.js';
import type { Pinger } from './pinger.js';

/** The first ping comes so soon after the claim, each further one after twice the pause, up to the longest. */
const [firstPauseMs, longestPauseMs] = [5, 200];

/**
 * Asks instances that have just got a place whether they listen, often: they take calls from their first answer on.
 * One that stays silent is the pinger's alone after two of its rounds.
 */
export class Joiner {
  readonly #nodes: Nodes;
  readonly #pinger: Pick<Pinger, 'ask'>;
  /** What is asked next, by node and instance. */
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #stopListening: () => void = () => {};

  constructor(options: { nodes: Nodes; pinger: Pick<Pinger, 'ask'> }) {
    this.#nodes = options.nodes;
    this.#pinger = options.pinger;
  }

  start(): void {
    this.#stopListening = this.#nodes.onChange((name) => this.#look(name));
    for (const { name } of this.#nodes.all()) this.#look(name);
  }

  stop(): void {
    this.#stopListening();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #look(node: string): void {
    const watch = this.#nodes.view(node)?.watch;
    if (watch === undefined) return;
    for (const instance of watch.instances()) {
      if (watch.standing(instance) === 'joining' && !this.#timers.has(`${node} ${instance}`)) {
        this.#askLater(node, watch, instance, firstPauseMs);
      }
    }
  }

  #askLater(node: string, watch: NodeWatch, instance: string, pauseMs: number): void {
    const key = `${node} ${instance}`;
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      if (this.#nodes.view(node)?.watch !== watch) this.#look(node);
      else if (watch.standing(instance) === 'joining') {
        this.#pinger.ask(node, watch, instance);
        this.#askLater(node, watch, instance, Math.min(longestPauseMs, 2 * pauseMs));
      }
    }, pauseMs);
    timer.unref();
    this.#timers.set(key, timer);
  }
}
