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
    this.#sweep();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    if (!this.#mayWrite()) return;
    for (const { name, owner, instances } of this.#registry.all()) {
      if (instances.length === 0 || this.#presence.lives(owner)) continue;
      if (this.#underWay.size >= mostAtOnce) return;
      if (!this.#underWay.has(name)) this.#adopt(name, owner);
    }
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
