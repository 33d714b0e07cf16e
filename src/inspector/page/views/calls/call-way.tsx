import { duration } from '../../parts/format.js';
import { wayOf } from './way.js';

const [rowHeight, width] = [26, 360];

/** Where a call's time went, to scale. */
export function CallWay({
  totalMs,
  agentMs,
  serverMs,
}: {
  totalMs: number;
  agentMs: number | undefined;
  serverMs: number | undefined;
}) {
  const parts = wayOf(totalMs, agentMs, serverMs);
  const agent = parts.find(({ name }) => name === 'agent');
  const text = parts.map(({ name, ms }) => `${name} ${duration(ms)}`).join(', ');
  return (
    <svg
      class="call-way"
      role="img"
      aria-label={text}
      viewBox={`0 0 ${width} ${parts.length * rowHeight}`}
      width="100%"
    >
      {parts.map(({ name, hint, ms, from, to }, i) => (
        <g key={name} class={`part-${name.replaceAll(' ', '-')}`}>
          <title>{`${name}: ${hint}`}</title>
          <text x="0" y={i * rowHeight + 11}>
            {name}
          </text>
          <text class="ms" x={width} y={i * rowHeight + 11}>
            {duration(ms)}
          </text>
          {name === 'hub and bus' && agent !== undefined ? (
            <>
              <Bar from={from} to={agent.from} y={i * rowHeight + 15} />
              <Bar from={agent.to} to={to} y={i * rowHeight + 15} />
            </>
          ) : (
            <Bar from={from} to={to} y={i * rowHeight + 15} />
          )}
        </g>
      ))}
    </svg>
  );
}

function Bar({ from, to, y }: { from: number; to: number; y: number }) {
  return <rect x={from * width} y={y} width={Math.max(1, (to - from) * width)} height="7" />;
}
