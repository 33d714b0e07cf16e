/** From values to places in a drawing, and the marks on its axes. */

/** Maps a value to a place. */
export type Scale = (value: number) => number;

/** Even: the same distance is the same difference. A domain of no extent is drawn at the beginning of the range. */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const extent = domain[1] - domain[0];
  const factor = extent === 0 ? 0 : (range[1] - range[0]) / extent;
  return (value) => range[0] + (value - domain[0]) * factor;
}

/** The same distance is the same ratio; values below the domain are drawn at its beginning. The domain is above 0. */
export function logarithmic(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const even = linear([Math.log(domain[0]), Math.log(domain[1])], range);
  return (value) => even(Math.log(Math.max(value, domain[0])));
}

/** Round values in a domain, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step);
  const last = Math.floor(to / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** The powers of ten in a domain above 0. */
export function powers(from: number, to: number): number[] {
  const first = Math.ceil(Math.log10(from));
  const last = Math.floor(Math.log10(to));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
}

/** Puts spans into as few rows as they need so that none covers another; gives the row of each. */
export function rowsOf(spans: readonly { readonly from: number; readonly to: number }[]): number[] {
  const ends: number[] = [];
  const rows = new Array<number>(spans.length).fill(0);
  const inOrder = spans.map((span, i) => ({ span, i })).sort((a, b) => a.span.from - b.span.from);
  for (const { span, i } of inOrder) {
    const free = ends.findIndex((end) => end <= span.from);
    const row = free < 0 ? ends.length : free;
    ends[row] = span.to;
    rows[i] = row;
  }
  return rows;
}
