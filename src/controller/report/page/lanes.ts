import type { Delivery, FaultJudgement, Interval } from '../../judging/judgement.js';
import { offset, span } from '../amounts.js';
import { svg } from './dom.js';
import type { Model } from './model.js';
import { linear, type Scale, ticks } from './scales.js';
import type { TimeWindow } from './time-window.js';

export const width = 1000;
export const gutter = 118;
const top = 26;

/** How a delivery is drawn: in which colour, and whether it has an end. */
export type LineKind = 'calm' | 'late' | 'troubled' | 'missing';

/** A delivery as a line of the drawing. */
export interface Line {
  readonly delivery: Delivery;
  readonly kind: LineKind;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** Where lanes and moments are in the drawing. */
export interface Ground {
  readonly window: TimeWindow;
  readonly x: Scale;
  /** Middle of a node's lane; undefined for a node that has none. */
  lane(node: string): number | undefined;
  readonly laneHeight: number;
  readonly height: number;
}

/** One lane per node, high enough to read its name. */
export function groundOf(nodes: readonly string[], window: TimeWindow): Ground {
  const laneHeight = Math.max(15, Math.min(44, 600 / Math.max(1, nodes.length)));
  const places = new Map(nodes.map((node, i) => [node, top + (i + 0.5) * laneHeight]));
  return {
    window,
    x: linear([window.from, window.to], [gutter, width - 8]),
    lane: (node) => places.get(node),
    laneHeight,
    height: top + nodes.length * laneHeight + 6,
  };
}

/** The lanes with their names, and the time above them. */
export function lanesOf(nodes: readonly string[], ground: Ground, startMs: number): SVGElement[] {
  const { window, x } = ground;
  return [
    ...nodes.map((node) => {
      const y = ground.lane(node) ?? 0;
      const name = node.length > 17 ? `${node.slice(0, 16)}…` : node;
      return svg(
        'g',
        { class: 'lane' },
        svg('title', {}, node),
        svg('line', { x1: gutter, x2: width - 8, y1: y, y2: y }),
        svg('text', { x: gutter - 6, y: y + 4, 'text-anchor': 'end' }, name),
      );
    }),
    ...ticks(window.from - startMs, window.to - startMs, 8).map((at) =>
      svg(
        'g',
        { class: 'axis' },
        svg('line', { x1: x(at + startMs), x2: x(at + startMs), y1: top - 6, y2: ground.height - 6 }),
        // At the edge there is no room for all of it.
        x(at + startMs) < width - 40
          ? svg('text', { x: x(at + startMs), y: top - 11, 'text-anchor': 'middle' }, offset(at))
          : undefined,
      ),
    ),
  ];
}

/** Faults and blind intervals as bands on the lanes of their nodes. */
export function bandsOf(model: Model, ground: Ground): SVGElement[] {
  const { faults, intervals, facts } = model.judgement;
  const endMs = facts.endedAtMs;
  return [
    ...faults.map((one) => faultBand(one, ground)),
    ...intervals.map((one) => blindBand(one, ground, endMs)),
  ].filter((band) => band !== undefined);
}

function faultBand(fault: FaultJudgement, ground: Ground): SVGElement | undefined {
  const from = fault.injectedAtMs ?? fault.plannedFromMs;
  const to = fault.healedAtMs ?? fault.plannedToMs;
  const text = `${fault.fault}: ${fault.kind} of ${fault.node} for ${span(to - from)}, ${fault.proof}`;
  return band(`fault ${fault.proof}`, fault.node, from, to, 0.92, text, ground, fault.kind);
}

function blindBand(interval: Interval, ground: Ground, endMs: number): SVGElement | undefined {
  const to = interval.toMs ?? endMs;
  const what = interval.what === 'hub' ? 'not seen by the hub' : 'daemon away';
  const text = `${interval.node}: ${what} for ${span(to - interval.fromMs)}`;
  return band(`blind ${interval.what}`, interval.node, interval.fromMs, to, 0.5, text, ground);
}

function band(
  kind: string,
  node: string,
  fromMs: number,
  toMs: number,
  part: number,
  text: string,
  { lane, x, laneHeight, window }: Ground,
  label?: string,
): SVGElement | undefined {
  const y = lane(node);
  if (y === undefined || toMs < window.from || fromMs > window.to) return undefined;
  const from = x(Math.max(fromMs, window.from));
  const wide = Math.max(2, x(Math.min(toMs, window.to)) - from);
  const high = laneHeight * part;
  const named = label !== undefined && laneHeight >= 20 && wide > label.length * 7;
  return svg(
    'g',
    { class: kind },
    svg('title', {}, text),
    svg('rect', { x: from, y: y - high / 2, width: wide, height: high }),
    named ? svg('text', { x: from + 4, y: y - high / 2 + 10 }, label) : undefined,
  );
}

/** The deliveries that the window shows, as lines. What never came ends in a cross on its way. */
export function linesOf(model: Model, deliveries: readonly Delivery[], ground: Ground): Line[] {
  const { window, x } = ground;
  const { lateAfterMs } = model.judgement.rules;
  const reach = (window.to - window.from) * 0.02;
  const lines: Line[] = [];
  for (const delivery of deliveries) {
    const { sentAtMs, receivedAtMs } = delivery;
    const y1 = ground.lane(delivery.sender);
    const y2 = ground.lane(delivery.receiver);
    const end = receivedAtMs ?? sentAtMs + reach;
    if (y1 === undefined || y2 === undefined) continue;
    if (Math.max(end, sentAtMs) < window.from || Math.min(end, sentAtMs) > window.to) continue;
    const kind =
      receivedAtMs === undefined
        ? 'missing'
        : model.troublesOf(delivery).length > 0
          ? 'troubled'
          : receivedAtMs - sentAtMs > lateAfterMs
            ? 'late'
            : 'calm';
    const last = kind === 'missing' ? y1 + (y2 - y1) * 0.7 : y2;
    lines.push({ delivery, kind, x1: x(sentAtMs), y1, x2: x(end), y2: last });
  }
  return lines;
}

/** The lines of one kind as the path of a drawing. */
export function pathOf(lines: readonly Line[]): string {
  let d = '';
  for (const { kind, x1, y1, x2, y2 } of lines) {
    d += `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`;
    if (kind === 'missing') d += `m-3 -3l6 6m0 -6l-6 6`;
  }
  return d;
}

/** The line nearest to a place, at most `within` away. */
export function nearestLine(lines: readonly Line[], x: number, y: number, within: number): Line | undefined {
  let best: Line | undefined;
  let least = within;
  for (const line of lines) {
    const [dx, dy] = [line.x2 - line.x1, line.y2 - line.y1];
    const part = ((x - line.x1) * dx + (y - line.y1) * dy) / (dx * dx + dy * dy || 1);
    const at = Math.min(1, Math.max(0, part));
    const distance = Math.hypot(line.x1 + at * dx - x, line.y1 + at * dy - y);
    if (distance < least) [best, least] = [line, distance];
  }
  return best;
}
