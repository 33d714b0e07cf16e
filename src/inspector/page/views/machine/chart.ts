import type { DefinedEdge, DefinedState } from '../../../../../machines/definition.js';

/** A rectangle in a drawing. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A state of a machine, and where it is drawn. */
export interface StateShape extends Omit<DefinedState, 'states' | 'type'> {
  readonly type: string;
  /** The last part of the path. */
  readonly name: string;
  /** Path of the state that it is in; undefined: it is the machine. */
  readonly parent: string | undefined;
  readonly depth: number;
  readonly box: Rectangle;
}

/** A transition that a machine has, and where it is drawn. */
export interface EdgeShape extends DefinedEdge {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: Rectangle | undefined;
}

/** A machine as it is drawn. */
export interface Chart {
  readonly machine: string;
  readonly hash: string;
  /** Parents before children, in the order of the definition. */
  readonly states: readonly StateShape[];
  readonly edges: readonly EdgeShape[];
  /** Where its parts are drawn is known. */
  readonly drawn: boolean;
  readonly width: number;
  readonly height: number;
}

/** A state with those in it. */
export interface StateTree extends Omit<StateShape, 'name' | 'parent' | 'depth'> {
  readonly states: readonly StateTree[];
}

/** Makes the drawing of a machine; its extent is that of all that is in it. */
export function chartOf(machine: string, hash: string, root: StateTree, edges: readonly EdgeShape[]): Chart {
  const states = [...flat(root, undefined, 0)];
  const corners = [
    ...states.map(({ box }) => box),
    ...edges.flatMap(({ label }) => (label === undefined ? [] : [label])),
  ].map((box) => ({ x: box.x + box.width, y: box.y + box.height }));
  const all = [...corners, ...edges.flatMap(({ points }) => points)];
  return {
    machine,
    hash,
    states,
    edges,
    drawn: root.box.width > 0,
    width: all.reduce((most, { x }) => Math.max(most, x), 0),
    height: all.reduce((most, { y }) => Math.max(most, y), 0),
  };
}

function* flat(tree: StateTree, parent: string | undefined, depth: number): Generator<StateShape> {
  const { states, ...shape } = tree;
  yield { ...shape, name: shape.path.slice(shape.path.lastIndexOf('.') + 1), parent, depth };
  for (const state of states) yield* flat(state, tree.path, depth + 1);
}

/** What is said at an edge: its event, which tells a delay too, and its guard. */
export function edgeText({ event, guard }: Pick<EdgeShape, 'event' | 'guard'>): string {
  return [event, guard === '' ? '' : `[${guard}]`].filter((part) => part !== '').join(' ') || 'always';
}

/** What a state does, as it is written in its box: a word and a name for each. */
export function deeds({ entry, exit, invokes }: Pick<StateShape, 'entry' | 'exit' | 'invokes'>): string[] {
  return [
    ...invokes.map((name) => `runs ${name}`),
    ...entry.map((name) => `entry ${name}`),
    ...exit.map((name) => `exit ${name}`),
  ];
}

/** The middle of a rectangle. */
export function middle({ x, y, width, height }: Rectangle): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
