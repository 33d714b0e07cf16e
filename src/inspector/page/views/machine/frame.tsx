import { useRef } from 'preact/hooks';
import { leaves } from './active.js';
import { type Chart, middle } from './chart.js';
import { Drawing, type Highlights } from './drawing.js';
import { useMoving } from './moving.js';

interface Props extends Highlights {
  readonly chart: Chart;
  /** Says what is to be seen, for those who do not see it. */
  readonly label: string;
  readonly choose: (path: string) => void;
}

/** A chart in a frame, which can be moved and zoomed by pointer, wheel and keys. */
export function ChartFrame({ chart, label, choose, ...highlights }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const moving = useMoving(svg, chart, interest(chart, highlights.active), (target) => {
    const path = target.closest('[data-path]')?.getAttribute('data-path');
    if (path !== null && path !== undefined) choose(path);
  });
  const { x, y, scale } = moving.zoom;
  return (
    <div class="chart">
      <svg ref={svg} role="img" aria-label={label} {...moving.handlers}>
        <g transform={`scale(${scale}) translate(${-x} ${-y})`}>
          <Drawing chart={chart} {...highlights} />
        </g>
      </svg>
      <fieldset class="zoom" aria-label="Zoom">
        <button type="button" title="Nearer (+, or Ctrl and the wheel)" onClick={moving.nearer}>
          +
        </button>
        <button type="button" title="Farther (-)" onClick={moving.farther}>
          −
        </button>
        <button type="button" title="All of it (0)" onClick={moving.fit}>
          Fit
        </button>
        <button
          type="button"
          title="Keep the present state in sight (a)"
          aria-pressed={moving.following}
          onClick={moving.follow}
        >
          Follow
        </button>
      </fieldset>
    </div>
  );
}

/** The middle of the innermost state that is entered. */
function interest(chart: Chart, active: ReadonlySet<string>): { x: number; y: number } {
  const [path] = leaves(chart, active);
  const shape = chart.states.find((one) => one.path === path) ?? chart.states[0];
  return shape === undefined ? { x: 0, y: 0 } : middle(shape.box);
}
