import { useState } from 'preact/hooks';
import { Time } from '../../parts/time.js';
import { type Move, moveKey, moveText } from './model.js';

interface Props {
  /** In the actor's own order. */
  readonly moves: readonly Move[];
  /** The transition that led to what is shown. */
  readonly shown: Move | undefined;
  readonly goTo: (move: Move) => void;
  /** Shows another actor beside this one. */
  readonly beside: (key: string) => void;
}

/** So many rows are drawn unless the reader wants all. */
const fewRows = 40;

/** What an actor did, the newest first. */
export function History({ moves, shown, goTo, beside }: Props) {
  const [all, setAll] = useState(false);
  const rows = moves.toReversed().slice(0, all ? moves.length : fewRows);
  return (
    <section class="history" aria-label="Transitions">
      <h3>
        Transitions <small>{moves.length} known</small>
      </h3>
      <ol>
        {rows.map((move) => (
          <Row key={moveKey(move)} move={move} current={move === shown} goTo={goTo} beside={beside} />
        ))}
      </ol>
      {moves.length > rows.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {moves.length}
        </button>
      ) : null}
    </section>
  );
}

interface RowProps {
  readonly move: Move;
  readonly current: boolean;
  readonly goTo: (move: Move) => void;
  readonly beside: (key: string) => void;
}

function Row({ move, current, goTo, beside }: RowProps) {
  const { atMs, from, to, detail, edges, by } = move;
  return (
    <li aria-current={current ? 'step' : undefined} data-move={moveKey(move)}>
      <button type="button" class="plain" title="Show this moment" onClick={() => goTo(move)}>
        <Time ms={atMs} as="clock" fine /> <b>{moveText(move)}</b>
      </button>{' '}
      <span class="from-to">
        {from} → {to === '' ? 'ended' : to}
      </span>
      {by === '' ? null : (
        <>
          {' '}
          by{' '}
          <button type="button" class="plain link" title="Show it beside this one" onClick={() => beside(by)}>
            {by}
          </button>
        </>
      )}
      {detail === '' && edges.length === 0 ? null : (
        <details>
          <summary>more</summary>
          {edges.length === 0 ? <p class="soft">No edge was taken.</p> : <p>edges: {edges.join(', ')}</p>}
          {detail === '' ? null : <pre>{pretty(detail)}</pre>}
        </details>
      )}
    </li>
  );
}

/** JSON as people read it. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), undefined, 2);
  } catch {
    return json;
  }
}
