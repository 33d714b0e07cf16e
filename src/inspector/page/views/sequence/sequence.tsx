import { useMemo, useState } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import type { Hub } from '../../hub.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { go, href, place, setQuery } from '../../place.js';
import { useFollowed } from '../machine/follow.js';
import { actorKey, type Move, moveKey } from '../machine/model.js';
import { timeline } from '../machine/moment.js';
import { Picker } from '../machine/picker.js';
import { columnOf } from './axis.js';
import { Causes } from './causes.js';
import { type Asked, askedAt } from './chosen.js';
import { Controls } from './controls.js';
import { chosenMark, lanesOf, lanesShown, marksShown } from './lanes.js';
import { MarkDetails } from './mark-details.js';
import { Scroller } from './scroller.js';

const bounds = { each: 2_000, all: 5_000 };

/** What several actors did, one beside the other, and whose doing it was. */
export function Sequence({ hub }: ViewProps) {
  const asked = askedAt(place.value.query);
  if (asked.length > 0) return <Lines hub={hub} asked={asked} />;
  return (
    <>
      <h1>Sequence</h1>
      <p>Choose an actor: the sequence shows all that is on its node.</p>
      <Picker hub={hub} shown={[]} choose={(key, node) => go(href(['sequence'], wordsFor(key, node)))} />
    </>
  );
}

function wordsFor(key: string, node: string): URLSearchParams {
  return new URLSearchParams(node === '' ? { actors: key } : { node });
}

function Lines({ hub, asked }: { readonly hub: Hub; readonly asked: readonly Asked[] }) {
  const followed = useFollowed(hub, asked, bounds);
  const world = followed.world.value;
  const { query } = place.value;
  const [hide, word, search] = [query.get('hide') ?? '', query.get('events') ?? '', query.get('q') ?? ''];
  const axis = query.get('axis') === 'time' ? 'time' : 'order';
  const zoom = Number(query.get('zoom')) || 1;
  const following = query.get('follow') === '1';
  const [tail, setTail] = useState(!query.has('mark'));

  const moves = useMemo(() => timeline(world), [world]);
  const causes = useMemo(() => new Causes(moves), [moves]);
  const hidden = useMemo(() => setOf(hide), [hide]);
  const events = useMemo(() => setOf(word), [word]);
  const all = useMemo(() => lanesOf(world.actors.values(), moves), [world]);
  const lanes = useMemo(() => lanesShown(all, hidden), [all, hidden]);
  const shown = useMemo(
    () => marksShown(moves, lanes, { hidden, events, search }),
    [moves, lanes, events, search],
  );
  const column = useMemo(() => columnOf(shown, axis, zoom), [shown, axis, zoom]);
  const manner = [axis, zoom, hide, word, search].join();
  const mark = query.get('mark') ?? '';
  const chosen = useMemo(() => chosenMark(moves, mark), [moves, mark]);
  const story = useMemo(
    () => (following && chosen !== undefined ? causes.story(chosen) : undefined),
    [causes, chosen, following],
  );
  const choose = (move: Move | undefined) => {
    setTail(false);
    setQuery({ mark: move === undefined ? '' : moveKey(move) });
  };
  return (
    <div class="sequence">
      <StreamNotice of="The actors" state={followed.state.value} />
      <Controls {...{ all, lanes, moves, shown, axis, zoom, hidden, events, tail, setTail }} />
      {world.lost ? <Notice>Some transitions in between are not kept any more.</Notice> : null}
      {moves.length === 0 ? (
        <Notice>{world.live ? 'Nothing has happened yet.' : 'Asking the hub…'}</Notice>
      ) : null}
      <div class={chosen === undefined ? 'drawn' : 'drawn with-details'}>
        <Scroller {...{ lanes, column, causes, manner, chosen, story, tail, setTail, choose }} />
        {chosen === undefined ? null : (
          <MarkDetails
            move={chosen}
            cause={causes.of(chosen)}
            effects={causes.effectsOf(chosen)}
            before={contextBefore(world.moves.get(actorKey(chosen)) ?? [], chosen)}
            following={following}
            follow={(on) => setQuery({ follow: on ? '1' : '' })}
            choose={choose}
          />
        )}
      </div>
    </div>
  );
}

function contextBefore(own: readonly Move[], move: Move): string | undefined {
  const previous = own[own.indexOf(move) - 1];
  return previous?.bornMs === move.bornMs ? previous.context : undefined;
}

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(',').filter(Boolean));
}
