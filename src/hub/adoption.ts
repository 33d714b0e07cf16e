import type { NodeEntry } from '../bus/messages.js';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { Presence } from './presence.js';
import type { NodeRegistry } from './registry.js';

/** How often it is looked for nodes whose owner is gone, in milliseconds. */
const sweepEveryMs = 1_000;
const mostAtOnce = 16;

/** Takes over the nodes that have instances and no owner that lives. */
export class Adoption {
  readonly #registry: NodeRegistry;
  readonly #presence: Presence;
  readonly #hub: string;
  readonly #mayWrite: () => boolean;
  readonly #log: Logger;
  readonly #underWay = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => {};

  constructor(options: {
    registry: NodeRegistry;
    presence: Presence;
    hub: string;
    /** False while the registry can not be reached. */
    mayWrite: () => boolean;
    log: Logger;
  }) {
    this.#registry = options.registry;
    this.#presence = options.presence;
    this.#hub = options.hub;
    this.#mayWrite = options.mayWrite;
    this.#log = options.log;
  }

  start(): void {
    this.#timer = setInterval(() => this.#sweep(), sweepEveryMs);
    this.#timer.unref();
    // A hub that stops gives its nodes up: no need to wait for the next sweep.
    this.#stopListening = this.#registry.onChange((_, entry) => {
      if (entry !== undefined && entry.owner === '' && this.#mayWrite()) this.#consider(entry);
    });
    this.#sweep();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopListening();
  }

  #sweep(): void {
    if (!this.#mayWrite()) return;
    for (const entry of this.#registry.all()) this.#consider(entry);
  }

  #consider({ name, owner, instances }: NodeEntry): void {
    if (instances.length === 0 || this.#presence.lives(owner)) return;
    if (this.#underWay.size < mostAtOnce && !this.#underWay.has(name)) this.#adopt(name, owner);
  }

  #adopt(name: string, from: string): void {
    this.#underWay.add(name);
    this.#registry
      .adopt(name, from, this.#hub)
      .then(
        (adopted) => {
          if (adopted) this.#log.info({ node: name, from }, 'took over a node whose hub is gone');
        },
        (thrown: unknown) =>
          this.#log.warn({ node: name, err: errorText(thrown) }, 'a node was not taken over'),
      )
      .finally(() => this.#underWay.delete(name));
  }
}
