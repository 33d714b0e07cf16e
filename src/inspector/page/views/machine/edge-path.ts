interface Point {
  readonly x: number;
  readonly y: number;
}

/** Corners are rounded by so much. */
const radius = 6;
const headLength = 8;
const headWidth = 3.5;

/** An SVG path along straight parts, with round corners. */
export function linePath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const parts = [`M${at(first)}`];
  rest.forEach((point, index) => {
    const [previous, next] = [points[index], rest[index + 1]];
    if (previous === undefined || next === undefined) {
      parts.push(`L${at(point)}`);
      return;
    }
    const before = towards(point, previous, radius);
    const after = towards(point, next, radius);
    parts.push(`L${at(before)}Q${at(point)} ${at(after)}`);
  });
  return parts.join('');
}

/** An SVG path of the head of an arrow where a line ends. */
export function headPath(points: readonly Point[]): string {
  const tip = points.at(-1);
  const from = points.findLast((point) => tip !== undefined && distance(point, tip) > 0.5);
  if (tip === undefined || from === undefined) return '';
  const length = distance(from, tip);
  const along = { x: (tip.x - from.x) / length, y: (tip.y - from.y) / length };
  const back = { x: tip.x - along.x * headLength, y: tip.y - along.y * headLength };
  const side = { x: -along.y * headWidth, y: along.x * headWidth };
  const left = { x: back.x + side.x, y: back.y + side.y };
  const right = { x: back.x - side.x, y: back.y - side.y };
  return `M${at(tip)}L${at(left)}L${at(right)}Z`;
}

/** The point `most` away from one on the way to another, halfway at most. */
function towards(from: Point, to: Point, most: number): Point {
  const length = distance(from, to);
  if (length === 0) return from;
  const part = Math.min(most, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
