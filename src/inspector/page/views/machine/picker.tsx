import { useEffect, useState } from 'preact/hooks';
import type { Actor } from '../../../../gen/web/postern/v1/inspector_pb.js';
import { callError, type Hub } from '../../hub.js';
import { Notice } from '../../parts/notice.js';
import { StateName } from '../../parts/state.js';
import { Time } from '../../parts/time.js';
import { actorKey } from './model.js';
import { type Grouping, grouped } from './picking.js';

interface Props {
  readonly hub: Hub;
  readonly choose: (key: string, node: string) => void;
  /** Those that are shown already. */
  readonly shown: readonly string[];
}

/** The list is asked for so often while it is open, milliseconds. */
const everyMs = 3_000;
/** More are not asked for; the search is among these. */
const most = 10_000;

/** The list of actors to choose from. */
export function Picker({ hub, choose, shown }: Props) {
  const { actors, problem } = useActors(hub);
  const [search, setSearch] = useState('');
  const [by, setBy] = useState<Grouping>('machine');
  if (problem !== '') return <Notice bad>{problem}</Notice>;
  if (actors === undefined) return <Notice>Asking the hub…</Notice>;
  const { groups, found, more } = grouped(actors, search, by);
  return (
    <section class="picker" aria-label="Actors">
      <p class="picking">
        <input
          type="search"
          aria-label="Search actors"
          placeholder="Search actors (/)"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <label>
          by{' '}
          <select
            value={by}
            onChange={(event) => setBy(event.currentTarget.value === 'node' ? 'node' : 'machine')}
          >
            <option value="machine">machine</option>
            <option value="node">node</option>
          </select>
        </label>
        <span class="soft" role="status">
          {found} of {actors.length}
        </span>
      </p>
      {groups.map(({ name, members }) => (
        <section key={name} aria-label={name}>
          <h2>{name === '' ? 'no node' : name}</h2>
          <ul>
            {members.map((actor) => (
              <Line
                key={actorKey(actor)}
                actor={actor}
                shown={shown.includes(actorKey(actor))}
                choose={choose}
              />
            ))}
          </ul>
        </section>
      ))}
      {more > 0 ? <p class="soft">and {more} more: search for the one that you want</p> : null}
    </section>
  );
}

function Line({
  actor,
  shown,
  choose,
}: {
  readonly actor: Actor;
  readonly shown: boolean;
  readonly choose: (key: string, node: string) => void;
}) {
  const key = actorKey(actor);
  return (
    <li class={actor.gone ? 'gone' : ''}>
      <button type="button" class="plain link" disabled={shown} onClick={() => choose(key, actor.node)}>
        {key}
      </button>{' '}
      <StateName state={actor.state} tags={actor.tags} />{' '}
      <span class="soft">
        {actor.gone ? 'gone, ' : ''}
        <Time ms={actor.sinceMs} />
      </span>
    </li>
  );
}

function useActors(hub: Hub): { readonly actors: readonly Actor[] | undefined; readonly problem: string } {
  const [actors, setActors] = useState<readonly Actor[]>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const answer = await hub.inspector.listActors(
          { limit: most },
          { signal: ending.signal, timeoutMs: 20_000 },
        );
        setActors(answer.actors);
        setProblem('');
      } catch (thrown) {
        if (ending.signal.aborted) return;
        setProblem(callError(thrown));
      }
      if (!ending.signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [hub]);
  return { actors, problem };
}
