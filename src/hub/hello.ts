import type { Bus } from '../bus/bus.js';
import type { Hello, HelloAnswer } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Nodes } from './nodes.js';
import { pingIntervalMs } from './pinger.js';
import type { Presence } from './presence.js';
import type { NodeRegistry } from './registry.js';

/** Answers agents that say hello, as one of the hubs, and hears those that say bye. */
export class Reception {
  readonly #bus: Bus;
  readonly #registry: NodeRegistry;
  readonly #nodes: Nodes;
  readonly #presence: Presence;
  readonly #hub: string;
  readonly #log: Logger;
  readonly #stops: (() => void)[] = [];

  constructor(options: {
    bus: Bus;
    registry: NodeRegistry;
    nodes: Nodes;
    presence: Presence;
    hub: string;
    log: Logger;
  }) {
    this.#bus = options.bus;
    this.#registry = options.registry;
    this.#nodes = options.nodes;
    this.#presence = options.presence;
    this.#hub = options.hub;
    this.#log = options.log;
  }

  start(): void {
    this.#stops.push(
      this.#bus.respond(
        subjects.hello,
        {},
        ({ params, body }) => this.welcome(params.node, params.key, body),
        { queue: 'hubs' },
      ),
      this.#bus.subscribe(subjects.bye, {}, ({ params, body }) => {
        this.#nodes.bye(params.node, params.key, body.instance, body.reason);
      }),
    );
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /**
   * Gives a place to who says hello, here or on the bus. `tunnel` is for who has one, or wants one: the hub that it
   * leads to, and the instance id that the process had in an earlier one. Never throws.
   */
  async welcome(
    node: string,
    key: string,
    hello: Hello,
    tunnel?: { readonly to: string; readonly before?: string | undefined },
  ): Promise<HelloAnswer> {
    try {
      const result = await this.#registry.claim({
        node,
        key,
        hello,
        hub: this.#hub,
        ...(tunnel === undefined ? {} : { tunnelTo: tunnel.to }),
        ...(tunnel?.before === undefined ? {} : { before: tunnel.before }),
        nowMs: Date.now(),
        ownerLives: (owner) => this.#presence.lives(owner),
      });
      if (!result.ok) {
        this.#log.info({ node, code: result.code }, 'an agent was not given a place');
        return result;
      }
      const { instance, superseded, resumed } = result;
      for (const { id } of superseded) {
        const message = `a newer process with the same key serves node '${node}'`;
        this.#bus.publish(subjects.notice, { node }, { instance: id, kind: 'superseded', message });
      }
      this.#nodes.claimed(node, instance);
      this.#log.info({ node, instance: instance.id, resumed, superseded: superseded.length }, 'hello');
      return { ok: true, instance: instance.id, epoch: instance.epoch, hub: this.#hub, pingIntervalMs };
    } catch (thrown) {
      this.#log.warn({ node, err: errorText(thrown) }, 'a hello could not be answered now');
      return { ok: false, code: 'retry', message: whyNotNow(node, thrown) };
    }
  }
}

/** What an agent is told of a failure that passes. */
function whyNotNow(node: string, thrown: unknown): string {
  const code = thrown instanceof PosternError ? thrown.code : '';
  if (code === 'STORE_BUSY' || code === 'STORE_CONFLICT') {
    return `the changes of node '${node}' wait for each other: too many agents ask at once, or the registry is slow`;
  }
  return 'the registry of nodes can not be reached now';
}
