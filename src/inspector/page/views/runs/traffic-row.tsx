import { count } from '../../parts/format.js';
import type { RunRecord } from './model/record.js';
import type { Extent, RunAt } from './model/run-at.js';
import type { Track } from './model/track.js';
import type { Along } from './time-line.js';

interface TrafficRowProps {
  readonly record: RunRecord;
  readonly shown: RunAt;
  readonly time: Extent;
  readonly x: Along;
  readonly top: number;
  readonly height: number;
}

/** Messages that were sent and received by then, all nodes together. */
export function TrafficRow({ record, shown, time, x, top, height }: TrafficRowProps) {
  const most = Math.max(1, ...[record.sent, record.received].map((track) => track.at(time.knownMs) ?? 0));
  const y = (value: number) => top + height - (value / most) * (height - 14);
  const until = shown.atMs;
  return (
    <g class="traffic">
      <text class="name sent" x={0} y={top + 28}>
        {count(shown.sent)} sent
      </text>
      <text class="name received" x={0} y={top + 46}>
        {count(shown.received)} received
      </text>
      <path class="received soon" d={staircase(record.received, time.knownMs, x, y)} />
      <path class="sent soon" d={staircase(record.sent, time.knownMs, x, y)} />
      <path class="received" d={staircase(record.received, until, x, y)} />
      <path class="sent" d={staircase(record.sent, until, x, y)} />
      <text class="most" x={x(time.toMs)} y={top + 10} text-anchor="end">
        {count(most)}
      </text>
    </g>
  );
}

function staircase(track: Track<number>, untilMs: number, x: Along, y: (value: number) => number): string {
  const steps = track.steps.filter(([atMs]) => atMs <= untilMs);
  const [first] = steps;
  if (first === undefined) return '';
  const path = steps.map(([atMs, value]) => `H${x(atMs).toFixed(1)}V${y(value).toFixed(1)}`);
  return `M${x(first[0]).toFixed(1)} ${y(0).toFixed(1)}${path.join('')}H${x(untilMs).toFixed(1)}`;
}
