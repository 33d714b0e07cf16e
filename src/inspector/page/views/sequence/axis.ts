import type { Move } from '../machine/model.js';

/** How time runs down a sequence: as far as it took, or one row for each transition. */
export type Axis = 'order' | 'time';

/** A transition, and how far down it is drawn, pixels. */
export interface Mark {
  readonly move: Move;
  readonly y: number;
}

/** Marks from above to below. */
export interface Column {
  readonly marks: readonly Mark[];
  /** Of all of it, pixels. */
  readonly height: number;
}

/** One row, pixels. */
export const rowHeight = 24;
/** Above the first and below the last mark, pixels. */
const margin = 20;
/** A drawing is not higher, pixels: browsers cannot scroll much farther. */
const highest = 4_000_000;
/** So high is a second where time runs evenly and the zoom is 1, pixels. */
const pixelsPerSecond = 40;

/** Where transitions, in the order of time, are drawn. `zoom` stretches time, where it runs evenly. */
export function columnOf(moves: readonly Move[], axis: Axis, zoom: number): Column {
  const [first] = moves;
  if (first === undefined) return { marks: [], height: 2 * margin };
  if (axis === 'order') {
    const marks = moves.map((move, at) => ({ move, y: margin + at * rowHeight }));
    return { marks, height: 2 * margin + (moves.length - 1) * rowHeight };
  }
  const length = Math.max(1, (moves.at(-1)?.atMs ?? first.atMs) - first.atMs);
  const scale = Math.min((pixelsPerSecond * zoom) / 1_000, highest / length);
  const marks = moves.map((move) => ({ move, y: margin + (move.atMs - first.atMs) * scale }));
  return { marks, height: 2 * margin + length * scale };
}

/** The marks between two heights. */
export function marksBetween({ marks }: Column, from: number, to: number): readonly Mark[] {
  return marks.slice(firstAt(marks, from), firstAt(marks, to));
}

/** Index of the first mark at a height or below it. */
export function firstAt(marks: readonly Mark[], y: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.y ?? 0) < y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Marks of one lane that would cover each other are drawn as one: how many stand behind each, the last of them in front. */
export function thinned<M extends Mark>(
  marks: readonly M[],
  laneOf: (mark: M) => string,
  apart: number,
): readonly { readonly mark: M; readonly behind: number }[] {
  const open = new Map<string, { mark: M; behind: number; from: number }>();
  const drawn: { mark: M; behind: number; from: number }[] = [];
  for (const mark of marks) {
    const last = open.get(laneOf(mark));
    if (last !== undefined && mark.y - last.from < apart) {
      last.mark = mark;
      last.behind += 1;
      continue;
    }
    const one = { mark, behind: 0, from: mark.y };
    open.set(laneOf(mark), one);
    drawn.push(one);
  }
  return drawn;
}
