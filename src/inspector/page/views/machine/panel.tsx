import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Hub } from '../../hub.js';
import { Operations } from '../../parts/operate.js';
import { StateName } from '../../parts/state.js';
import { Time } from '../../parts/time.js';
import { activeStates, tagsOf } from './active.js';
import { Copy } from './copy.js';
import type { Known } from './definitions.js';
import { FactTree } from './fact-tree.js';
import { factsOf } from './facts.js';
import { ChartFrame } from './frame.js';
import { History } from './history.js';
import { Ignored } from './ignored.js';
import { type Light, litAt, litLive, litMs } from './lit.js';
import { type ActorNow, type Move, moveKey, moveText } from './model.js';
import type { Moment } from './moment.js';
import { offersOf } from './offers.js';
import { StateDetails } from './state-details.js';
import { chartLabel, StateList } from './state-list.js';
import { StatesSeen } from './states-seen.js';

interface Props {
  readonly hub: Hub;
  /** `machine/id`. */
  readonly name: string;
  readonly actor: ActorNow;
  readonly moves: readonly Move[];
  readonly chart: Known;
  /** Undefined: it had not begun then. */
  readonly moment: Moment | undefined;
  readonly live: boolean;
  readonly came: (move: Move) => number | undefined;
  readonly goTo: (move: Move) => void;
  readonly beside: (key: string) => void;
  readonly remove: () => void;
}

/** One actor: its chart, its facts and what it did. */
export function Panel(props: Props) {
  const { name, actor, moves, chart, moment, live, goTo, beside } = props;
  const [chosen, setChosen] = useState<string>();
  const state = moment?.state ?? '';
  const active = useMemo(
    () => (chart && moment !== undefined ? activeStates(chart, state) : new Set<string>()),
    [chart, state, moment === undefined],
  );
  const lit = useLight(props);
  const facts = useMemo(
    () => factsOf(moment?.context ?? '', moment?.contextBefore),
    [moment?.context, moment?.contextBefore],
  );
  const stamp = moment?.move === undefined ? '' : moveKey(moment.move);
  return (
    <section
      class={`actor ${moment?.gone === true || (live && actor.gone) ? 'gone' : ''}`}
      aria-label={name}
      data-state={state}
    >
      <Head {...props} active={active} />
      <p class="live-word" role="status">
        {live && moment?.move !== undefined ? `${name} is in ${state} after ${moveText(moment.move)}` : ''}
      </p>
      {moment === undefined ? (
        <p class="notice">At this moment it had not begun, as far as is known.</p>
      ) : null}
      {chart === undefined ? <p class="notice">Asking for its definition…</p> : null}
      {chart === null ? <StatesSeen moves={moves} state={state} /> : null}
      {chart ? (
        <div class="drawn-chart">
          {chart.drawn ? (
            <ChartFrame
              chart={chart}
              {...{ active, lit, stamp, chosen, fading: live }}
              label={chartLabel(chart, name, state)}
              choose={(path) => setChosen(path === chosen ? undefined : path)}
            />
          ) : (
            <p class="notice">The hub could not lay this machine out; its states are in the list.</p>
          )}
          <StateList {...{ chart, active, chosen }} choose={setChosen} />
        </div>
      ) : null}
      <div class="beneath">
        {chart && chosen !== undefined ? <StateDetails chart={chart} path={chosen} /> : null}
        <section class="context" aria-label="Facts">
          <h3>Facts</h3>
          <FactTree fact={facts} />
          <Ignored counts={moment?.ignored ?? {}} />
        </section>
        <History moves={moves} shown={moment?.move} goTo={goTo} beside={beside} />
      </div>
    </section>
  );
}

function Head({
  hub,
  name,
  actor,
  moment,
  chart,
  active,
  live,
  remove,
}: Props & { readonly active: ReadonlySet<string> }) {
  return (
    <header>
      <h2>{name}</h2>
      {moment === undefined ? null : (
        <StateName state={moment.state} tags={chart ? tagsOf(chart, active) : []} />
      )}
      {moment?.gone === true || (live && actor.gone) ? <span class="soft">gone</span> : null}
      {moment?.sinceMs === undefined ? null : (
        <span class="soft">
          since <Time ms={moment.sinceMs} as="clock" fine /> (<Time ms={moment.sinceMs} />)
        </span>
      )}
      <span class="tools">
        {chart && live && !actor.gone ? (
          <Operations hub={hub} target={actor} offers={offersOf(chart, actor)} />
        ) : null}
        <Copy title="Copy the command that tells the same" text={() => `postern inspect ${name} --follow`}>
          Copy command
        </Copy>
        <button type="button" aria-label={`Close ${name}`} title="Close" onClick={remove}>
          ×
        </button>
      </span>
    </header>
  );
}

/** What is lit now. While something fades, it is rendered again when that is over. */
function useLight({ moves, moment, live, came }: Props): ReadonlyMap<string, Light> {
  const [, setTick] = useState(0);
  const last = moves.at(-1);
  const newest = last === undefined ? undefined : came(last);
  useEffect(() => {
    if (!live || newest === undefined) return;
    const timer = setTimeout(
      () => setTick((tick) => tick + 1),
      Math.max(0, newest + litMs - performance.now()) + 20,
    );
    return () => clearTimeout(timer);
  }, [live, newest]);
  return live ? litLive(moves, came, performance.now()) : litAt(moment?.move);
}
