import { actorKey, type Move, moveText } from '../machine/model.js';
import type { Mark } from './axis.js';
import type { Lane } from './lanes.js';

/** Left of the lanes are the times, pixels. */
export const gutter = 104;
/** The widest and the narrowest lane, pixels. */
const [widest, narrowest] = [280, 148];
/** The line of a lane lies so far from its left edge, pixels. */
const lineAt = 16;
/** Of the width of a lane not for text, and what a letter takes about, pixels. */
const [taken, letterWidth] = [30, 6.9];

/** How wide lanes are, pixels: so that all have room where that can be read. */
export function laneWidth(lanes: number, room: number): number {
  return Math.min(widest, Math.max(narrowest, Math.floor((room - gutter) / Math.max(1, lanes))));
}

/** Where the line of each lane is, pixels from the left. */
export function laneLines(lanes: readonly Lane[], wide = widest): ReadonlyMap<string, number> {
  return new Map(lanes.map(({ key }, index) => [key, gutter + index * wide + lineAt]));
}

/** Width of a drawing with so many lanes, pixels. */
export function widthOf(lanes: readonly Lane[], wide = widest): number {
  return gutter + lanes.length * wide;
}

/** What is written beside a mark: the event and where it led, as much as fits. */
export function markText(move: Move, behind: number, wide = widest): string {
  const more = behind > 0 ? ` +${behind}` : '';
  const text = `${moveText(move)} → ${move.to === '' ? 'ended' : move.to}`;
  const room = Math.floor((wide - taken) / letterWidth) - more.length;
  return (text.length > room ? `${text.slice(0, room - 1)}…` : text) + more;
}

/** An arrow from the lane of whose doing a transition was to that of who did it; undefined: there is none to draw. */
export function arrowOf(
  { move, y }: Mark,
  lines: ReadonlyMap<string, number>,
): { readonly from: number; readonly to: number; readonly y: number } | undefined {
  const from = lines.get(move.by);
  const to = lines.get(actorKey(move));
  if (from === undefined || to === undefined || from === to) return undefined;
  return { from, to: from < to ? to - 6 : to + 6, y };
}

/** SVG path of an arrow that lies flat. */
export function arrowPath({
  from,
  to,
  y,
}: {
  readonly from: number;
  readonly to: number;
  readonly y: number;
}): string {
  const back = from < to ? -6 : 6;
  return `M${from} ${y}H${to}M${to + back} ${y - 3.5}L${to} ${y}L${to + back} ${y + 3.5}`;
}
