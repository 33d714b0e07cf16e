import { href } from '../../place.js';
import type { RunRecord } from './model/record.js';
import type { Extent, FaultAt, RunAt } from './model/run-at.js';
import { clockOf, marks } from './scale.js';
import { TrafficRow } from './traffic-row.js';
import { useWidth } from './width.js';

interface TimeLineProps {
  readonly record: RunRecord;
  readonly shown: RunAt;
  readonly time: Extent;
  /** Asked to look at a moment. */
  readonly look: (atMs: number) => void;
}

/** Left of it stand the names. */
const gutter = 130;
const axis = 18;
const phaseHeight = 24;
const laneHeight = 20;
const trafficHeight = 110;
const gap = 8;
/** Nodes with faults that are drawn; the others are counted. */
const mostLanes = 60;

/** The run from left to right: its phases, the faults of each node, the messages; a line stands at the moment shown. */
export function TimeLine({ record, shown, time, look }: TimeLineProps) {
  const { ref, width } = useWidth();
  const inner = Math.max(100, width - gutter - 12);
  const length = time.toMs - time.fromMs;
  const x = (atMs: number) => gutter + (inner * Math.min(Math.max(atMs - time.fromMs, 0), length)) / length;
  const lanes = lanesOf(shown.faults);
  const drawn = lanes.slice(0, mostLanes);
  const faultsTop = axis + phaseHeight + gap;
  const trafficTop = faultsTop + drawn.length * laneHeight + gap;
  const height = trafficTop + trafficHeight + 2;
  return (
    <div class="time-line" ref={ref}>
      {/* The slider of the player leads to each moment by keys. */}
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        aria-label={`Time line of ${record.facts.run}`}
        onPointerDown={(event) => {
          if (event.target instanceof Element && event.target.closest('a') !== null) return;
          const from = event.currentTarget.getBoundingClientRect().left + gutter;
          const part = (event.clientX - from) / inner;
          if (part >= 0 && part <= 1) look(time.fromMs + part * length);
        }}
      >
        {marks(length, inner / 70).map((ms) => (
          <g key={ms} class="mark">
            <line x1={x(time.fromMs + ms)} x2={x(time.fromMs + ms)} y1={axis - 4} y2={height} />
            <text x={x(time.fromMs + ms) + 3} y={11}>
              {clockOf(ms)}
            </text>
          </g>
        ))}
        <PhaseRow record={record} shown={shown} time={time} x={x} />
        {drawn.map(([node, faults], i) => (
          <FaultLane
            key={node}
            run={record.facts.run}
            node={node}
            faults={faults}
            top={faultsTop + i * laneHeight}
            x={x}
            endMs={time.toMs}
            outOfReach={shown.outOfReach.has(node)}
          />
        ))}
        <TrafficRow record={record} shown={shown} time={time} x={x} top={trafficTop} height={trafficHeight} />
        <line class="cursor" x1={x(shown.atMs)} x2={x(shown.atMs)} y1={axis - 6} y2={height} />
      </svg>
      {lanes.length > mostLanes && <p class="soft">and faults on {lanes.length - mostLanes} more nodes</p>}
    </div>
  );
}

/** From a time to a place from left to right. */
export type Along = (atMs: number) => number;

function PhaseRow({ record, shown, time, x }: Omit<TimeLineProps, 'look'> & { readonly x: Along }) {
  const { phases, verdict } = record.facts;
  return (
    <g class="phases">
      <text class="name" x={0} y={axis + 16}>
        phases
      </text>
      {phases.map(({ state, sinceMs }, i) => {
        const toMs = phases[i + 1]?.sinceMs ?? time.knownMs;
        const [left, right] = [x(sinceMs), x(toMs)];
        const isLast = i === phases.length - 1;
        if (isLast && right - left < 1) return null;
        const now = shown.atMs >= sinceMs && (isLast || shown.atMs < toMs);
        return (
          <g key={`${state} ${sinceMs}`} class={now ? 'phase lit' : 'phase'} data-state={state}>
            <title>
              {state}, from {clockOf(sinceMs - time.fromMs)} to {clockOf(toMs - time.fromMs)}
            </title>
            <rect x={left} y={axis} width={Math.max(1, right - left - 1)} height={phaseHeight} />
            {right - left > state.length * 6.5 + 8 && (
              <text x={left + 5} y={axis + 16}>
                {state}
              </text>
            )}
          </g>
        );
      })}
      {verdict !== '' && shown.verdict !== '' && (
        <line
          class={`end verdict-${verdict}`}
          x1={x(time.knownMs)}
          x2={x(time.knownMs)}
          y1={axis}
          y2={axis + phaseHeight}
        />
      )}
    </g>
  );
}

interface FaultLaneProps {
  readonly run: string;
  readonly node: string;
  readonly faults: readonly FaultAt[];
  readonly top: number;
  readonly x: Along;
  readonly endMs: number;
  readonly outOfReach: boolean;
}

/** What is seen of a proof; the words stand in the title. */
const proofSigns: Readonly<Record<string, string>> = { confirmed: '✓', mismatch: '✗', inconclusive: '?' };

/** The faults of a node: what was planned as a frame, what was as a bar in it. */
function FaultLane({ run, node, faults, top, x, endMs, outOfReach }: FaultLaneProps) {
  return (
    <g class="lane">
      <text class="name" x={0} y={top + 14}>
        {node}
        {outOfReach && ' (not reached)'}
      </text>
      {faults.map(({ track, state, acts }) => {
        const { fault, kind, shape, plannedFromMs, plannedToMs, injectedAtMs, healedAtMs, proof, reason } =
          track;
        const left = x(plannedFromMs);
        const words = [`${kind} on ${node}`, shape, state, proof, reason].filter(
          (word) => word !== undefined && word !== '',
        );
        return (
          <a
            key={fault}
            href={href(['machine', 'fault', `${run}.${fault}.${node}`])}
            data-fault={fault}
            data-acts={acts}
            data-proof={proof}
          >
            <title>{words.join(': ')}</title>
            <rect
              class="planned"
              x={left}
              y={top + 2}
              width={Math.max(3, x(plannedToMs) - left)}
              height={laneHeight - 4}
            />
            {injectedAtMs !== undefined && (
              <rect
                class={acts === 'yes' ? 'was acts' : 'was'}
                x={x(injectedAtMs)}
                y={top + 5}
                width={Math.max(3, x(healedAtMs ?? endMs) - x(injectedAtMs))}
                height={laneHeight - 10}
              />
            )}
            <text x={left + 4} y={top + 14}>
              {kind}
              {proof !== undefined && <tspan class="proof"> {proofSigns[proof] ?? ''}</tspan>}
            </text>
          </a>
        );
      })}
    </g>
  );
}

function lanesOf(
  faults: readonly FaultAt[],
): readonly (readonly [node: string, faults: readonly FaultAt[]])[] {
  const lanes = new Map<string, FaultAt[]>();
  for (const fault of faults) {
    const lane = lanes.get(fault.track.node) ?? [];
    lane.push(fault);
    lanes.set(fault.track.node, lane);
  }
  return [...lanes].sort(([a], [b]) => (a < b ? -1 : 1));
}
