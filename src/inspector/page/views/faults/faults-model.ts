import { type ReadonlySignal, signal } from '@preact/signals';
import type { WatchResponse } from '../../../../gen/web/postern/v1/inspector_pb.js';
import { type FaultRow, rowAfter, rowOfActor } from './fault-row.js';

/** States in which a fault does nothing, and will do nothing more. */
const ended: ReadonlySet<string> = new Set(['healed', 'refused', 'missed', 'cancelled']);

/** Whether a fault acts, comes yet, or is being undone. */
export function isOpen({ state, gone }: Pick<FaultRow, 'state' | 'gone'>): boolean {
  return !gone && !ended.has(state);
}

/** All faults that are known, from what a watch tells of them. */
export class FaultsModel {
  readonly #byKey = new Map<string, FaultRow>();
  readonly #rows = signal<readonly FaultRow[]>([]);

  /** In no order; only those that have changed are other objects than before. */
  get rows(): ReadonlySignal<readonly FaultRow[]> {
    return this.#rows;
  }

  /** Takes what machines did, of faults and others; `anew`: it takes the place of all that is known. */
  readonly take = (messages: readonly WatchResponse[], anew: boolean): void => {
    let changed = anew || messages.some(({ lost }) => lost);
    if (changed) this.#byKey.clear();
    for (const { actors, transitions } of messages) {
      for (const actor of actors) {
        if (actor.machine !== 'fault') continue;
        this.#byKey.set(`fault/${actor.id}`, rowOfActor(actor));
        changed = true;
      }
      for (const one of transitions) {
        if (one.machine !== 'fault') continue;
        const key = `fault/${one.id}`;
        this.#byKey.set(key, rowAfter(this.#byKey.get(key), one));
        changed = true;
      }
    }
    if (changed) this.#rows.value = [...this.#byKey.values()];
  };
}

/** Those that act or come yet, those that end first at the head. */
export function openFaults(rows: readonly FaultRow[]): readonly FaultRow[] {
  return rows.filter(isOpen).sort((a, b) => a.endAtMs - b.endAtMs || (a.key < b.key ? -1 : 1));
}
