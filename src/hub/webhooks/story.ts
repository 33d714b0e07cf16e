import { createHash } from 'node:crypto';
import type { InstanceEntry, NodeEntry, Transition } from '../../bus/messages.js';
import type { NodeView } from '../node-view.js';
import type { NodeWatch } from '../node-watch.js';
import type { WebhookEventType } from './config.js';

/** What is told. */
export interface WebhookEvent {
  readonly type: WebhookEventType;
  /** The same for the same event, whichever hub tells it. */
  readonly id: string;
  /** When it happened, Unix time in milliseconds. */
  readonly atMs: number;
  readonly node: string;
  /** The body of the request. */
  readonly body: string;
}

/** What is known of instances that were told of, also when the registry has dropped them. */
type Facts = Pick<InstanceEntry, 'id' | 'epoch' | 'sinceMs' | 'transport' | 'version'>;

/** One node, while this hub watches over it: makes events of the transitions of its machine. */
class NodeStory {
  /** The node was told to be connected, perhaps by the hub that watched over it before. */
  #connected: boolean;
  /** Instances that were told to be connected. */
  readonly #present = new Map<string, Facts>();

  constructor(before: NodeEntry) {
    for (const one of before.instances) if (one.standing !== 'joining') this.#present.set(one.id, one);
    this.#connected = before.revokedAtMs === undefined && this.#present.size > 0;
  }

  hear(view: NodeView, watch: NodeWatch, transition: Transition, hub: string): WebhookEvent[] {
    const ready = view.entry.instances.filter(({ id }) => watch.standing(id) === 'ready');
    const gone = [...this.#present.values()].filter(({ id }) => watch.standing(id) === undefined);
    const come = ready.filter(({ id }) => !this.#present.has(id));
    const tell = (type: WebhookEventType, instance: Facts | undefined): WebhookEvent =>
      eventOf(type, instance, { view, transition, hub, ready: ready.length });
    const events = gone.map((one) => tell('instance.disconnected', one));
    if (this.#connected && watch.instances().length === 0) {
      events.push(tell('node.disconnected', newest(this.#present.values())));
      this.#connected = false;
    } else if (!this.#connected && ready.length > 0) {
      events.push(tell('node.connected', newest(ready)));
      this.#connected = true;
    }
    events.push(...come.map((one) => tell('instance.connected', one)));
    for (const { id } of gone) this.#present.delete(id);
    for (const one of come) this.#present.set(one.id, one);
    return events;
  }
}

/** Makes events of the transitions of all nodes that this hub watches over. */
export class Stories {
  readonly #hub: string;
  readonly #stories = new WeakMap<NodeWatch, NodeStory>();

  /** `hub`: its instance id. */
  constructor(hub: string) {
    this.#hub = hub;
  }

  /** What has to be told of a transition. */
  hear(view: NodeView, watch: NodeWatch, transition: Transition): WebhookEvent[] {
    let story = this.#stories.get(watch);
    if (story === undefined) {
      story = new NodeStory(watch.before);
      this.#stories.set(watch, story);
    }
    return story.hear(view, watch, transition, this.#hub);
  }
}

function newest(instances: Iterable<Facts>): Facts | undefined {
  let found: Facts | undefined;
  for (const one of instances) if (found === undefined || one.epoch > found.epoch) found = one;
  return found;
}

function eventOf(
  type: WebhookEventType,
  instance: Facts | undefined,
  of: { view: NodeView; transition: Transition; hub: string; ready: number },
): WebhookEvent {
  const { view, transition, hub, ready } = of;
  const node = view.name;
  const { atMs } = transition;
  // An instance that was lost and is back has a new beginning, though it may keep its id.
  const told = JSON.stringify([type, node, instance?.id, instance?.sinceMs]);
  const id = `evt_${createHash('sha256').update(told).digest('base64url').slice(0, 32)}`;
  const body = {
    type,
    id,
    timestamp: new Date(atMs).toISOString(),
    node,
    ...(instance === undefined
      ? {}
      : { instance: instance.id, transport: instance.transport, version: instance.version }),
    state: transition.to,
    cause: transition.event,
    instances: ready,
    labels: view.entry.labels,
    hub,
  };
  return { type, id, atMs, node, body: JSON.stringify(body) };
}
