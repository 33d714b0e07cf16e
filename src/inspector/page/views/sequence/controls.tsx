import { clockTime, count } from '../../parts/format.js';
import { Search } from '../../parts/search.js';
import { setQuery } from '../../place.js';
import { zone } from '../../settings.js';
import { Copy } from '../machine/copy.js';
import type { Move } from '../machine/model.js';
import { type Axis, columnOf } from './axis.js';
import { svgFile } from './export-svg.js';
import { eventCounts, type Lane, mostLanes } from './lanes.js';
import { mermaidOf } from './mermaid.js';

interface Props {
  readonly all: readonly Lane[];
  readonly lanes: readonly Lane[];
  /** All transitions, and those that are shown. */
  readonly moves: readonly Move[];
  readonly shown: readonly Move[];
  readonly axis: Axis;
  readonly zoom: number;
  readonly hidden: ReadonlySet<string>;
  readonly events: ReadonlySet<string>;
  readonly tail: boolean;
  readonly setTail: (on: boolean) => void;
}

/** More types of events cannot be chosen by a button; the search finds them. */
const mostEvents = 24;

/** What is shown of a sequence, and how. */
export function Controls(props: Props) {
  const { lanes, moves, shown, axis, zoom, tail, setTail } = props;
  return (
    <div class="controls">
      <p class="tools">
        <Search label="Search transitions" />
        <label>
          <input
            type="checkbox"
            checked={axis === 'time'}
            onChange={({ currentTarget }) => setQuery({ axis: currentTarget.checked ? 'time' : '' })}
          />{' '}
          time runs evenly
        </label>
        {axis === 'time' ? <Stretch zoom={zoom} /> : null}
        <button
          type="button"
          aria-pressed={tail}
          title="Keep the newest in sight"
          onClick={() => setTail(!tail)}
        >
          Live tail
        </button>
        <Copy title="Copy as a mermaid sequence diagram" text={() => mermaidOf(lanes, shown)}>
          Copy as text
        </Copy>
        <button
          type="button"
          onClick={() =>
            download(svgFile(lanes, columnOf(shown, axis, zoom), (ms) => clockTime(ms, zone.value, true)))
          }
        >
          Export SVG
        </button>
        <span class="soft" role="status">
          {count(shown.length)} of {count(moves.length)} transitions
        </span>
      </p>
      <Lanes {...props} />
      <Events {...props} />
    </div>
  );
}

function Stretch({ zoom }: { readonly zoom: number }) {
  return (
    <>
      <button
        type="button"
        title="Longer"
        onClick={() => setQuery({ zoom: String(Math.min(1_024, zoom * 2)) })}
      >
        +
      </button>
      <button
        type="button"
        title="Shorter"
        onClick={() => setQuery({ zoom: String(Math.max(1 / 1_024, zoom / 2)) })}
      >
        −
      </button>
    </>
  );
}

function Lanes({ all, lanes, hidden }: Props) {
  const drawn = new Set(lanes.map(({ key }) => key));
  return (
    <details class="choose-lanes">
      <summary>
        {drawn.size} of {all.length} actors
        {all.length - hidden.size > mostLanes ? `, the ${mostLanes} busiest` : ''}
      </summary>
      <ul>
        {all.map(({ key, moves }) => (
          <li key={key}>
            <label>
              <input
                type="checkbox"
                checked={!hidden.has(key)}
                onChange={() => setQuery({ hide: toggled(hidden, key) })}
              />{' '}
              {key} <span class="soft">{moves}</span>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Events({ moves, events }: Props) {
  return (
    <details class="choose-events">
      <summary>{events.size === 0 ? 'All events' : `Events: ${[...events].join(', ')}`}</summary>
      <p>
        {eventCounts(moves)
          .slice(0, mostEvents)
          .map(([event, times]) => (
            <button
              key={event}
              type="button"
              class="chip"
              aria-pressed={events.has(event)}
              onClick={() => setQuery({ events: toggled(events, event) })}
            >
              {event === '' ? '(always)' : event} <span class="count">{count(times)}</span>
            </button>
          ))}
      </p>
    </details>
  );
}

function toggled(chosen: ReadonlySet<string>, value: string): string {
  const next = new Set(chosen);
  if (!next.delete(value)) next.add(value);
  return [...next].join(',');
}

function download(svg: string): void {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'sequence.svg';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
