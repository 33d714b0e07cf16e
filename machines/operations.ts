import type { DefinedEdge, MachineDefinition } from './definition.js';
import type { OperatorMark } from './operator-mark.js';

/** An event that operators may send. */
export interface OperatorEvent extends OperatorMark {
  /** Its type. */
  readonly event: string;
}

/**
 * What an operator may do to an actor in a state (as `stateName` names it): the events that the state takes, or one
 * around it, and that are marked as for operators, in the order of the definition. Where both take an event, the inner one
 * decides.
 */
export function operationsOf({ edges }: Pick<MachineDefinition, 'edges'>, state: string): OperatorEvent[] {
  const found = new Map<string, OperatorEvent>();
  for (const leaf of state.split('+')) {
    const taken = new Set<string>();
    for (const path of outwards(leaf)) {
      for (const [event, first] of firstEdges(edges, path)) {
        if (taken.has(event)) continue;
        taken.add(event);
        if (first.operation !== undefined) found.set(event, { event, ...first.operation });
      }
    }
  }
  const order = edges.map(({ event }) => event);
  return [...found.values()].sort((a, b) => order.indexOf(a.event) - order.indexOf(b.event));
}

/** All that a machine marks as for operators, in whatever state. */
export function markedEvents({ edges }: Pick<MachineDefinition, 'edges'>): string[] {
  return [...new Set(edges.flatMap(({ event, operation }) => (operation === undefined ? [] : [event])))];
}

/** The state, then each around it, at last the machine itself. */
function outwards(leaf: string): string[] {
  const keys = leaf.split('.');
  return [...keys.map((_, index) => keys.slice(0, keys.length - index).join('.')), ''];
}

/** By event, the edge of the state that is marked, else the first of them. */
function firstEdges(edges: readonly DefinedEdge[], source: string): Map<string, DefinedEdge> {
  const first = new Map<string, DefinedEdge>();
  for (const edge of edges) {
    if (edge.source !== source || edge.event === '') continue;
    const before = first.get(edge.event);
    if (before === undefined || (before.operation === undefined && edge.operation !== undefined)) {
      first.set(edge.event, edge);
    }
  }
  return first;
}

/** Why an actor was not told an event, for people: what it is now and what that takes. */
export function takesText(state: string, operations: readonly string[]): string {
  const takes = operations.length === 0 ? 'nothing from operators' : operations.join(', ');
  return `it is ${state} now, which takes ${takes}`;
}
