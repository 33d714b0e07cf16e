import type { NodeEntry } from '../../bus/messages.js';
import type { NodeView } from '../node-view.js';

/** Hears which instances have joined a node and left it; from the hub that watches over the node alone. */
export interface Attendance {
  registered(node: string, instance: string, transport: string): void;
  unregistered(node: string, instance: string, transport: string): void;
}

/**
 * Who was told to be there of one node. An instance has joined when it can be given calls for the first time; what the
 * registry knows of it says whether the hub that watched before has told so.
 */
export class Roll {
  readonly #attendance: Attendance;
  /** How each is connected, by its id. */
  readonly #present: Map<string, string>;

  /** `before`: the entry as it was when the watch began. */
  constructor(before: Pick<NodeEntry, 'instances'>, attendance: Attendance) {
    this.#attendance = attendance;
    const told = before.instances.filter(({ standing }) => standing !== 'joining');
    this.#present = new Map(told.map(({ id, transport }) => [id, transport]));
  }

  /** Compares with what is there now. */
  look({ name, watch, instances }: Pick<NodeView, 'name' | 'watch' | 'instances'>): void {
    if (watch === undefined) return;
    for (const [id, { entry }] of instances) {
      if (this.#present.has(id) || watch.standing(id) !== 'ready') continue;
      this.#present.set(id, entry.transport);
      this.#attendance.registered(name, id, entry.transport);
    }
    for (const [id, transport] of this.#present) {
      if (watch.standing(id) !== undefined) continue;
      this.#present.delete(id);
      this.#attendance.unregistered(name, id, transport);
    }
  }
}
