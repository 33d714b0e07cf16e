import type { FaultJudgement, TestJudgement } from '../../judging/judgement.js';
import { many, offset, span } from '../amounts.js';
import { el, section, svg } from './dom.js';
import type { Model } from './model.js';
import { linear, logarithmic, powers, rowsOf, type Scale, ticks } from './scales.js';

const width = 1000;
const left = 70;
const top = 12;
const plotHeight = 260;
const barHeight = 16;
/** A pointer this near to a point, in units of the drawing, means it. */
const near = 14;

/** A point, placed. */
interface Placed {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Latency of each delivery over the time of its sending, with the faults below and behind. */
export function latencyPart(model: Model): HTMLElement {
  const place = el('div', { class: 'drawing' });
  const note = el('p', { class: 'note readout' }, '');
  const draw = (): void => {
    const test = model.test(model.now.test);
    if (test === undefined || test.points.length === 0) place.replaceChildren('Nothing was delivered.');
    else place.replaceChildren(plot(model, test, note));
    note.textContent = 'Point at a dot to see which delivery it is.';
  };
  model.watch((now, before) => {
    if (now.test !== before.test || now.pair !== before.pair) draw();
  });
  draw();
  return section('latency', 'Latency', place, note);
}

function plot(model: Model, test: TestJudgement, note: HTMLElement): SVGElement {
  const { plan, rules, faults } = model.judgement;
  const t0 = model.t0(test);
  const all = test.phase === 'control' ? [] : faults.map((fault) => ({ fault, ...extentOf(fault, t0) }));
  // What was over before the test began, while members joined, has no place here.
  const shown = all.filter(({ to }) => to >= 0);
  const starts = [...test.points.map(([at]) => at), ...shown.map(({ from }) => from)];
  const ends = [...test.points.map(([at]) => at), ...shown.map(({ to }) => to)];
  const domain = padded(least(starts), most(ends));
  const latencies = test.points.map(([, ms]) => Math.max(ms, 0.1));
  const low = Math.min(1, least(latencies));
  const high = Math.max(most(latencies), rules.lateAfterMs) * 1.3;
  const x = linear(domain, [left, width - 10]);
  const y = logarithmic([low, high], [top + plotHeight, top]);
  const rows = rowsOf(shown.map(({ from, to }) => ({ from, to })));
  const bars = shown.map(({ fault, from, to }, i) => bar(fault, x(from), x(to), rows[i] ?? 0));
  const height = top + plotHeight + 24 + (most([-1, ...rows]) + 1) * barHeight + 4;

  const { pair } = model.now;
  const of = (index: number): string => plan.nodes[index] ?? '?';
  const placed: Placed[] = [];
  const dots = { calm: '', late: '', faded: '' };
  for (const [at, ms, from, to] of test.points) {
    const chosen =
      pair === undefined || (pair.sender === of(from) && pair.receiver === (plan.nodes[to] ?? undefined));
    const kind = !chosen ? 'faded' : ms > rules.lateAfterMs ? 'late' : 'calm';
    const [px, py] = [x(at), y(ms)];
    dots[kind] += `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
    if (chosen)
      placed.push({ x: px, y: py, text: `${of(from)} to ${of(to)}, sent ${offset(at)}, took ${span(ms)}` });
  }
  const about = `Latency of ${many(test.points.length, 'delivery').replace(/ys$/, 'ies')} over time, with ${many(shown.length, 'fault')}`;
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': about,
      'data-points': test.points.length,
    },
    ...axes(x, y, domain, [low, high]),
    ...bars.map(({ band }) => band),
    limit(y(rules.lateAfterMs), rules.lateAfterMs),
    ...(['faded', 'calm', 'late'] as const).map((kind) =>
      svg('path', { class: `dots ${kind}`, d: dots[kind] }),
    ),
    ...bars.map(({ mark }) => mark),
  );
  drawing.addEventListener('pointermove', (event) => {
    const box = drawing.getBoundingClientRect();
    const scale = width / box.width;
    const found = nearest(placed, (event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    if (found !== undefined) note.textContent = found.text;
  });
  return drawing;
}

/** When a fault acted, as far as it did, else when it should have; from T0 on. */
function extentOf(fault: FaultJudgement, t0: number): { readonly from: number; readonly to: number } {
  const from = (fault.injectedAtMs ?? fault.plannedFromMs) - t0;
  return { from, to: Math.max(from, (fault.healedAtMs ?? fault.plannedToMs) - t0) };
}

function bar(
  fault: FaultJudgement,
  from: number,
  to: number,
  row: number,
): { readonly band: SVGElement; readonly mark: SVGElement } {
  const y = top + plotHeight + 24 + row * barHeight;
  const wide = Math.max(2, to - from);
  const label = `${fault.node}: ${fault.kind}`;
  const fits = wide > label.length * 6.2;
  const past = to + 4 + label.length * 6.2 < width;
  return {
    band: svg('rect', { class: `band ${fault.proof}`, x: from, y: top, width: wide, height: plotHeight }),
    mark: svg(
      'g',
      { class: `fault ${fault.proof}` },
      svg('title', {}, `${fault.fault}: ${fault.kind} of ${fault.node}, ${fault.proof}`),
      svg('rect', { x: from, y, width: wide, height: barHeight - 3 }),
      fits || past ? svg('text', { x: fits ? from + 4 : to + 4, y: y + 10 }, label) : undefined,
    ),
  };
}

function axes(
  x: Scale,
  y: Scale,
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): SVGElement[] {
  const bottom = top + plotHeight;
  return [
    ...powers(low, high).map((ms) =>
      svg(
        'g',
        { class: 'axis' },
        svg('line', { x1: left, x2: width - 10, y1: y(ms), y2: y(ms) }),
        svg('text', { x: left - 6, y: y(ms) + 4, 'text-anchor': 'end' }, span(ms)),
      ),
    ),
    ...ticks(from, to, 10).map((at) =>
      svg(
        'g',
        { class: 'axis' },
        svg('line', { x1: x(at), x2: x(at), y1: bottom, y2: bottom + 5 }),
        svg('text', { x: x(at), y: bottom + 17, 'text-anchor': 'middle' }, span(at)),
      ),
    ),
  ];
}

function limit(y: number, ms: number): SVGElement {
  return svg(
    'g',
    { class: 'limit' },
    svg('line', { x1: left, x2: width - 10, y1: y, y2: y }),
    svg('text', { x: width - 12, y: y - 4, 'text-anchor': 'end' }, `late after ${span(ms)}`),
  );
}

function nearest(points: readonly Placed[], x: number, y: number): Placed | undefined {
  let best: Placed | undefined;
  let least = near ** 2;
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}

function padded(from: number, to: number): readonly [number, number] {
  const pad = Math.max(1, (to - from) * 0.02);
  return [from - pad, to + pad];
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
