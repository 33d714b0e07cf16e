import type { Chart } from './chart.js';

interface Props {
  readonly chart: Chart;
  readonly active: ReadonlySet<string>;
  readonly chosen: string | undefined;
  readonly choose: (path: string) => void;
}

/** The states of a chart as a list, which says the same as the drawing to those who do not see it, or use keys. */
export function StateList({ chart, active, chosen, choose }: Props) {
  return (
    <details class="states" open={!chart.drawn}>
      <summary>States as a list</summary>
      <ul>
        {chart.states.map(({ path, name, depth, type }) => (
          <li
            key={path}
            class={`depth-${Math.min(depth, 6)}`}
            aria-current={active.has(path) ? 'true' : undefined}
          >
            <button type="button" class="plain" aria-pressed={chosen === path} onClick={() => choose(path)}>
              {name === '' ? chart.machine : name}
            </button>
            {type === 'atomic' ? '' : ` (${type})`}
            {active.has(path) ? ' now' : ''}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What the drawing shows, in one sentence. */
export function chartLabel(chart: Chart, key: string, state: string): string {
  const all = chart.states.filter(({ parent }) => parent !== undefined).map(({ path }) => path);
  return `Statechart of ${key}. It is in ${state}. Its states: ${all.join(', ')}.`;
}
