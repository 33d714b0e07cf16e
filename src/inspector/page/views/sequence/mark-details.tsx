import { Time } from '../../parts/time.js';
import { href } from '../../place.js';
import { FactTree } from '../machine/fact-tree.js';
import { factsOf } from '../machine/facts.js';
import { pretty } from '../machine/history.js';
import { actorKey, type Move, moveText } from '../machine/model.js';
import { wordForPlace } from '../machine/moment.js';
import { placeShowing } from '../machine/shown.js';

interface Props {
  readonly move: Move;
  readonly cause: Move | undefined;
  readonly effects: readonly Move[];
  /** The context before it; undefined: not known. */
  readonly before: string | undefined;
  readonly following: boolean;
  readonly follow: (on: boolean) => void;
  readonly choose: (move: Move | undefined) => void;
}

/** One transition of a sequence: what it was, what led to it and what it led to. */
export function MarkDetails({ move, cause, effects, before, following, follow, choose }: Props) {
  const key = actorKey(move);
  return (
    <aside class="mark-details" aria-label="Transition">
      <p class="tools">
        <button type="button" aria-pressed={following} onClick={() => follow(!following)}>
          Follow this event
        </button>
        <a href={bothAt(move)}>
          {move.by === '' ? 'Machine at this moment' : 'Both machines at this moment'}
        </a>
        <button type="button" aria-label="Close" onClick={() => choose(undefined)}>
          ×
        </button>
      </p>
      <h2>{key}</h2>
      <p>
        <b>{moveText(move)}</b> {move.from} → {move.to === '' ? 'ended' : move.to}
      </p>
      <p>
        <Time ms={move.atMs} as="full" fine />
        {move.by === '' ? '' : `, by ${move.by}`}
      </p>
      <Others title="Led to by" moves={cause === undefined ? [] : [cause]} choose={choose} />
      <Others title="Led to" moves={effects} choose={choose} />
      {move.detail === '' ? null : <pre>{pretty(move.detail)}</pre>}
      <h3>Facts after it</h3>
      <FactTree fact={factsOf(move.context, before)} />
    </aside>
  );
}

function Others({
  title,
  moves,
  choose,
}: {
  readonly title: string;
  readonly moves: readonly Move[];
  readonly choose: (move: Move) => void;
}) {
  if (moves.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {moves.slice(0, 20).map((move) => (
          <li key={`${actorKey(move)} ${move.bornMs} ${move.sequence}`}>
            <button type="button" class="plain link" onClick={() => choose(move)}>
              {actorKey(move)}: {moveText(move)} → {move.to === '' ? 'ended' : move.to}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Where the machines of a transition are shown as they were then. */
function bothAt(move: Move): string {
  const keys = [actorKey(move), move.by].filter((key) => key !== '');
  const { parts, query } = placeShowing(keys, new URLSearchParams({ at: wordForPlace(move) }));
  return href(parts, query);
}
