import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Hub } from '../../hub.js';
import type { Chart } from './chart.js';
import { chartOfDefinition } from './from-proto.js';
import { type ActorNow, actorKey } from './model.js';

/** The drawing of a machine; null: nobody knows it; undefined: it is being asked for. */
export type Known = Chart | null | undefined;

/** More definitions are not kept. */
const most = 100;
/** Who was not known may be so later, milliseconds. */
const againMs = 10_000;

/** The definitions that machines run by, each asked for once. */
export class Definitions {
  readonly #hub: Hub;
  readonly #known = new Map<string, Signal<Known>>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** What an actor runs by. Where its hash is not known, it is asked for the actor alone. */
  of(actor: Pick<ActorNow, 'machine' | 'id' | 'definition'>): ReadonlySignal<Known> {
    const key = actor.definition === '' ? `of ${actorKey(actor)}` : actor.definition;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const asked = signal<Known>(undefined);
    this.#known.set(key, asked);
    const [oldest] = this.#known.keys();
    if (this.#known.size > most && oldest !== undefined) this.#known.delete(oldest);
    void this.#ask(actor, key, asked);
    return asked;
  }

  async #ask(actor: Pick<ActorNow, 'machine' | 'id'>, key: string, asked: Signal<Known>): Promise<void> {
    try {
      const { machine, id } = actor;
      const { definition } = await this.#hub.inspector.getActor({ machine, id, transitions: 1 });
      asked.value = definition === undefined ? null : (chartOfDefinition(definition) ?? null);
    } catch {
      asked.value = null;
    }
    if (asked.value === null) setTimeout(() => this.#known.delete(key), againMs);
  }
}
