import { PosternError } from '../../errors.js';
import type { FaultDirection } from '../../fault-kinds.js';
import { Lot } from '../../lot.js';
import type { NodeRef, Parting } from '../scenario/scenario.js';

/** What one node has to do so that nodes are parted: it hears nothing from some, or says nothing to them, or both. */
export interface Cut {
  readonly node: string;
  readonly from: readonly string[];
  readonly direction: FaultDirection;
}

/** So many nodes there must be, or nobody would be cut off. */
export const leastParted: Readonly<Record<Parting['into'], number>> = {
  halves: 2,
  one: 2,
  ring: 4,
  'one-way': 2,
  bridge: 3,
};

/** Parts the same nodes, be it often; each of them draws from a stream of its own. */
export class Parter {
  readonly #path: string;
  readonly #parting: Parting;
  readonly #of: (refs: readonly NodeRef[]) => readonly string[];
  readonly #lots = new Map<string, Lot>();

  /**
   * @param rule where it stands, and how nodes are parted
   * @param of the nodes that names stand for
   * @param words what chance is drawn from, without the name of a node
   */
  constructor(
    { path, parting }: { readonly path: string; readonly parting: Parting },
    nodes: readonly string[],
    of: (refs: readonly NodeRef[]) => readonly string[],
    words: readonly (string | number)[],
  ) {
    this.#path = path;
    this.#parting = parting;
    this.#of = of;
    for (const node of nodes) this.#lots.set(node, new Lot(...words, node));
  }

  /** What each node has to do. Throws `FAULT_IMPOSSIBLE` for too few nodes. */
  next(nodes: readonly string[]): Cut[] {
    const order = this.#drawn(nodes);
    const cuts = this.#cuts(order);
    if (cuts.length === 0) {
      const { into } = this.#parting;
      throw new PosternError(
        'FAULT_IMPOSSIBLE',
        `${this.#path}: a partition into ${into} needs ${leastParted[into]} nodes or more: there are ${nodes.length}`,
        { exitCode: 2 },
      );
    }
    return cuts;
  }

  #cuts(order: readonly string[]): Cut[] {
    const parting = this.#parting;
    switch (parting.into) {
      case 'halves':
        return parting.sides === undefined
          ? apart(...halved(order))
          : apart(this.#of(parting.sides[0]), this.#of(parting.sides[1]));
      case 'one':
        return apart(...split(order, this.#named(parting.node)));
      case 'bridge':
        return apart(...halved(split(order, this.#named(parting.node))[1]));
      case 'ring':
        return order
          .map((node, at) => {
            const seen = [order.at(at - 1), node, order[(at + 1) % order.length]];
            return { node, from: order.filter((other) => !seen.includes(other)), direction: 'both' as const };
          })
          .filter(cutsSomebody);
      case 'one-way': {
        const [from, to] = [this.#of(parting.from), this.#of(parting.to)];
        return [...cutsOf(from, to, 'out'), ...cutsOf(to, from, 'in')];
      }
    }
  }

  #named(ref: NodeRef | undefined): string | undefined {
    return ref === undefined ? undefined : this.#of([ref])[0];
  }

  /** In an order that is drawn anew each time: one more node changes nothing in that of the others. */
  #drawn(nodes: readonly string[]): string[] {
    const ranks = new Map([...this.#lots].map(([node, lot]) => [node, lot.next()]));
    return nodes.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0) || (a < b ? -1 : 1));
  }
}

/** The smaller half first. */
function halved(order: readonly string[]): [readonly string[], readonly string[]] {
  const middle = Math.floor(order.length / 2);
  return [order.slice(0, middle), order.slice(middle)];
}

/** The one that is named, or the first; and all others. */
function split(order: readonly string[], named: string | undefined): [readonly string[], readonly string[]] {
  const one = named ?? order[0];
  return [order.filter((node) => node === one), order.filter((node) => node !== one)];
}

/** Two sides, each of which does its part. */
function apart(one: readonly string[], other: readonly string[]): Cut[] {
  return [...cutsOf(one, other, 'both'), ...cutsOf(other, one, 'both')];
}

function cutsOf(nodes: readonly string[], from: readonly string[], direction: FaultDirection): Cut[] {
  return nodes
    .map((node) => ({ node, from: from.filter((other) => other !== node), direction }))
    .filter(cutsSomebody);
}

function cutsSomebody({ from }: Cut): boolean {
  return from.length > 0;
}
