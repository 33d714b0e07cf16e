import { bucketEndMs } from '../../../../latency-buckets.js';
import { clockTime, count, duration } from '../../parts/format.js';
import { zone } from '../../settings.js';
import { addTo, type Bin, noCalls } from './bin.js';
import type { MethodSeconds } from './calls-model.js';

/** Columns of a heatmap. */
const columns = 60;
/** Two buckets make a row, from the first to the last that has calls. */
const perRow = 2;
const [cellWidth, cellHeight, left] = [12, 9, 56];

/** How long the calls of some methods took, over the last seconds: the more calls, the stronger. */
export function Heatmap({
  of,
  nowSeconds,
  windowSeconds,
}: {
  of: readonly MethodSeconds[];
  nowSeconds: number;
  windowSeconds: number;
}) {
  const step = windowSeconds / columns;
  const bins = binned(of, nowSeconds, windowSeconds, step);
  const [low, high] = rowsOf(bins);
  const rows = high - low + 1;
  const most = Math.max(1, ...bins.map(({ buckets }) => Math.max(...inRows(buckets, low, high))));
  const calls = bins.reduce((sum, bin) => sum + bin.calls, 0);
  const rateTop = rows * cellHeight + 14;
  const mostCalls = Math.max(1, ...bins.map((bin) => bin.calls));
  const label = `${count(calls)} calls within ${windowSeconds} s; at most ${count(mostCalls)} within ${step} s`;
  return (
    <svg
      class="heatmap"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${left + columns * cellWidth} ${rateTop + 44}`}
      width="100%"
    >
      {Array.from({ length: rows }, (_, row) => (
        <text key={row} x={left - 6} y={(rows - row) * cellHeight} class="edge">
          {(row + low) % 4 === 0 ? duration(bucketEndMs((row + low + 1) * perRow - 1)) : ''}
        </text>
      ))}
      {bins.map(({ buckets }, column) =>
        inRows(buckets, low, high).map((n, row) =>
          n === 0 ? null : (
            <rect
              key={`${column}.${row}`}
              x={left + column * cellWidth}
              y={(rows - 1 - row) * cellHeight}
              width={cellWidth - 1}
              height={cellHeight - 1}
              opacity={0.2 + 0.8 * (Math.log1p(n) / Math.log1p(most))}
            >
              <title>{`${count(n)} below ${duration(bucketEndMs((row + low + 1) * perRow - 1))}, ${clockTime((nowSeconds - windowSeconds + (column + 1) * step) * 1000, zone.value)}`}</title>
            </rect>
          ),
        ),
      )}
      {bins.map((bin, column) => {
        const height = (28 * bin.calls) / mostCalls;
        const failed = (28 * bin.failed) / mostCalls;
        const x = left + column * cellWidth;
        return (
          <g key={column}>
            <rect class="rate" x={x} y={rateTop + 30 - height} width={cellWidth - 1} height={height} />
            <rect class="failed" x={x} y={rateTop + 30 - failed} width={cellWidth - 1} height={failed} />
          </g>
        );
      })}
      <text x={left - 6} y={rateTop + 12} class="edge">
        {count(Math.round(mostCalls / step))}/s
      </text>
      <text x={left} y={rateTop + 42} class="begin">
        {duration(windowSeconds * 1000)} ago
      </text>
      <text x={left + columns * cellWidth} y={rateTop + 42} class="edge">
        now
      </text>
    </svg>
  );
}

function binned(of: readonly MethodSeconds[], now: number, window: number, step: number): Bin[] {
  const bins = Array.from({ length: columns }, noCalls);
  for (const { seconds } of of) {
    for (const [second, calls] of seconds) {
      const bin = bins[Math.ceil((second - (now - window)) / step) - 1];
      if (bin !== undefined) addTo(bin, calls);
    }
  }
  return bins;
}

/** The first and the last row with calls; some rows where there are none. */
function rowsOf(bins: readonly Bin[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const { buckets } of bins) {
    buckets.forEach((n, i) => {
      if (n === 0) return;
      low = Math.min(low, Math.floor(i / perRow));
      high = Math.max(high, Math.floor(i / perRow));
    });
  }
  if (high < low) return [8, 16];
  const spare = Math.max(0, 8 - (high - low));
  return [Math.max(0, low - Math.floor(spare / 2)), high + Math.ceil(spare / 2)];
}

function inRows(buckets: Uint32Array, low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, row) => {
    const at = (row + low) * perRow;
    return (buckets[at] ?? 0) + (buckets[at + 1] ?? 0);
  });
}
