import type { Bus, Stop } from '../../bus/bus.js';
import { subjects } from '../../bus/subjects.js';
import { Pending } from '../pending.js';

/** A node has so long to answer, milliseconds. */
const answerWithinMs = 3_000;
/** So many may be asked at once. */
const mostPending = 64;

/** Asks the agents of nodes what machines run by that this process does not have. */
export class AskNodes {
  readonly #bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>;
  readonly #pending = new Pending<string>(answerWithinMs, mostPending);
  #stop: Stop | undefined;

  constructor(bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>) {
    this.#bus = bus;
  }

  /** The definition of this hash as JSON, unproven; undefined where none of the node's processes can tell. */
  async ask(node: string, machine: string, hash: string): Promise<string | undefined> {
    if (!this.#bus.connected) return undefined;
    this.#stop ??= this.#bus.subscribe(subjects.described, {}, ({ body }) =>
      this.#pending.answer(body.order, body.definition),
    );
    return this.#pending.ask((order) =>
      this.#bus.publish(subjects.describe, { node }, { v: 1, order, machine, hash }),
    );
  }

  stop(): void {
    this.#stop?.();
  }
}
