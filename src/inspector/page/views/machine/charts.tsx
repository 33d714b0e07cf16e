import { useComputed } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { Hub } from '../../hub.js';
import { StreamNotice } from '../../parts/notice.js';
import { go, href, place, setQuery } from '../../place.js';
import { Definitions } from './definitions.js';
import { type Followed, useFollowed } from './follow.js';
import { actorOfKey, type Move } from './model.js';
import { momentAt, placeInTime, timeline, wordForPlace } from './moment.js';
import { Panel } from './panel.js';
import { Picker } from './picker.js';
import { Scrub } from './scrub.js';
import { mostShown, placeShowing } from './shown.js';

/** Of each actor shown, so many transitions are kept. */
const bounds = { each: 1_000, all: 5_000 };

/** Some actors side by side, live or at one moment of the past. */
export function Charts({ hub, keys }: { readonly hub: Hub; readonly keys: readonly string[] }) {
  const followed = useFollowed(
    hub,
    keys.flatMap((key) => actorOfKey(key) ?? []),
    bounds,
  );
  const definitions = useMemo(() => new Definitions(hub), [hub]);
  const [adding, setAdding] = useState(false);
  const show = (next: readonly string[]) => {
    const to = placeShowing(next, place.value.query);
    go(href(to.parts, to.query));
  };
  const beside = (key: string) => {
    if (!keys.includes(key) && keys.length < mostShown) show([...keys, key]);
    setAdding(false);
  };
  return (
    <div class="machines">
      <StreamNotice of="The actors" state={followed.state.value} />
      <Shown {...{ hub, keys, followed, definitions, show, beside }} />
      <p class="add">
        <a href={href(['sequence'], new URLSearchParams({ actors: keys.join(',') }))}>Sequence of these</a>{' '}
        <button
          type="button"
          aria-expanded={adding}
          disabled={keys.length >= mostShown}
          onClick={() => setAdding(!adding)}
        >
          Add another beside
        </button>
      </p>
      {adding ? <Picker hub={hub} choose={beside} shown={keys} /> : null}
    </div>
  );
}

interface ShownProps {
  readonly hub: Hub;
  readonly keys: readonly string[];
  readonly followed: Followed;
  readonly definitions: Definitions;
  readonly show: (keys: readonly string[]) => void;
  readonly beside: (key: string) => void;
}

function Shown({ hub, keys, followed, definitions, show, beside }: ShownProps) {
  const world = followed.world.value;
  const shown = useMemo(
    () => ({ ...world, moves: new Map([...world.moves].filter(([key]) => keys.includes(key))) }),
    [world, keys.join()],
  );
  const line = useMemo(() => timeline(shown), [shown]);
  const word = useComputed(() => place.value.query.get('at') ?? '').value;
  const at = placeInTime(line, word);
  const goTo = (move: Move | undefined) => setQuery({ at: move === undefined ? '' : wordForPlace(move) });
  return (
    <>
      <Scrub line={line} at={at} goTo={(next) => goTo(next === undefined ? undefined : line[next])} />
      {world.lost ? <p class="notice">Some transitions in between are not kept any more.</p> : null}
      <div class={`panels of-${Math.min(keys.length, 3)}`}>
        {keys.map((key) => {
          const actor = world.actors.get(key);
          const remove = () => show(keys.filter((one) => one !== key));
          if (actor === undefined) {
            const stopped = followed.state.value.is === 'stopped';
            return <Unknown key={key} name={key} asked={world.live || stopped} remove={remove} />;
          }
          const moves = world.moves.get(key) ?? [];
          const chart = definitions.of(actor).value;
          const moment = momentAt(shown, key, line, at);
          const live = at === undefined;
          const { came } = followed;
          return (
            <Panel
              key={key}
              name={key}
              {...{ hub, actor, moves, chart, moment, live, came, goTo, beside, remove }}
            />
          );
        })}
      </div>
    </>
  );
}

interface UnknownProps {
  readonly name: string;
  readonly asked: boolean;
  readonly remove: () => void;
}

function Unknown({ name, asked, remove }: UnknownProps) {
  return (
    <section class="actor" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <button type="button" aria-label={`Close ${name}`} onClick={remove}>
          ×
        </button>
      </header>
      <p class="notice">
        {asked ? 'No such actor is known, or your token does not cover it.' : 'Asking the hub…'}
      </p>
    </section>
  );
}
