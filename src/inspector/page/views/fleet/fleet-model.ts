import { type ReadonlySignal, signal } from '@preact/signals';
import type { WatchResponse } from '../../../../gen/web/postern/v1/inspector_pb.js';
import type { Node, WatchNodesResponse } from '../../../../gen/web/postern/v1/nodes_pb.js';
import { type FleetRow, noStory, rowOf, type Story, withActor, withTransition } from './row.js';

/** All nodes, from what two streams tell of them. */
export class FleetModel {
  readonly #nodes = new Map<string, Node>();
  readonly #stories = new Map<string, Story>();
  readonly #byName = new Map<string, FleetRow>();
  readonly #rows = signal<readonly FleetRow[]>([]);

  /** The lines, in no order. Only those of nodes that have changed are other objects than before. */
  get rows(): ReadonlySignal<readonly FleetRow[]> {
    return this.#rows;
  }

  /** Takes what the hub says of nodes. */
  readonly takeNodes = (messages: readonly WatchNodesResponse[]): void => {
    const changed = new Set<string>();
    for (const { node } of messages) {
      if (node === undefined) continue;
      this.#nodes.set(node.name, node);
      changed.add(node.name);
    }
    this.#refresh(changed);
  };

  /** Takes what the machines of nodes did; `anew`: the actors that come take the place of those known. */
  readonly takeChanges = (messages: readonly WatchResponse[], anew: boolean): void => {
    const changed = new Set<string>();
    if (anew || messages.some(({ lost }) => lost)) {
      for (const [name, story] of this.#stories) {
        this.#stories.set(name, { ...story, actors: new Map() });
        changed.add(name);
      }
    }
    const tell = (node: string, next: (story: Story) => Story) => {
      if (node === '') return;
      this.#stories.set(node, next(this.#stories.get(node) ?? noStory));
      changed.add(node);
    };
    for (const { actors, transitions } of messages) {
      for (const actor of actors) tell(actor.node, (story) => withActor(story, actor));
      for (const one of transitions) tell(one.node, (story) => withTransition(story, one));
    }
    this.#refresh(changed);
  };

  #refresh(names: ReadonlySet<string>): void {
    let any = false;
    for (const name of names) {
      const node = this.#nodes.get(name);
      if (node === undefined) continue;
      this.#byName.set(name, rowOf(node, this.#stories.get(name) ?? noStory));
      any = true;
    }
    if (any) this.#rows.value = [...this.#byName.values()];
  }
}
