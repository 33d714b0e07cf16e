import { useEffect } from 'preact/hooks';
import { Time } from '../../parts/time.js';
import { actorKey, type Move } from './model.js';

interface Props {
  /** In the order of time. */
  readonly line: readonly Move[];
  /** Place in it; undefined: live. */
  readonly at: number | undefined;
  readonly goTo: (place: number | undefined) => void;
}

/** Goes back and forth in what is known: by slider, buttons, and the keys `[`, `]` and `l`. */
export function Scrub({ line, at, goTo }: Props) {
  const place = at ?? line.length;
  const step = (by: number) => {
    const next = Math.max(0, place + by);
    goTo(next >= line.length ? undefined : next);
  };
  useEffect(() => {
    const byKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        event.target instanceof HTMLElement &&
        event.target.matches('input:not([type=range]), select, textarea')
      )
        return;
      if (event.key === '[') step(-1);
      else if (event.key === ']') step(1);
      else if (event.key === 'l') goTo(undefined);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', byKey);
    return () => document.removeEventListener('keydown', byKey);
  });
  const move = at === undefined ? undefined : line[at];
  return (
    <fieldset class="scrub" aria-label="Moment">
      <button type="button" title="One transition back ([)" disabled={place === 0} onClick={() => step(-1)}>
        ←
      </button>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={move === undefined ? 'live' : `${actorKey(move)}: ${move.from} to ${move.to}`}
        min={0}
        max={line.length}
        value={place}
        onInput={(event) => {
          const next = event.currentTarget.valueAsNumber;
          goTo(next >= line.length ? undefined : next);
        }}
      />
      <button
        type="button"
        title="One transition forth (])"
        disabled={at === undefined}
        onClick={() => step(1)}
      >
        →
      </button>
      <button
        type="button"
        class="live"
        title="What is now (l)"
        aria-pressed={at === undefined}
        onClick={() => goTo(undefined)}
      >
        Live
      </button>
      <output>
        {move === undefined ? (
          'as it is now'
        ) : (
          <>
            <Time ms={move.atMs} as="full" fine /> {actorKey(move)} {move.event}
          </>
        )}
      </output>
    </fieldset>
  );
}
