import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { now } from '../../clock.js';
import { Chips, chosenIn } from '../../parts/chips.js';
import { QueryChoice } from '../../parts/choice.js';
import { count } from '../../parts/format.js';
import { Notice, StreamNotice } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { ToneSign } from '../../parts/state.js';
import { place, setQuery } from '../../place.js';
import { useStream } from '../../streams.js';
import { ActivityTail } from './activity-tail.js';
import { CallDetails } from './call-details.js';
import { factsOfNotable } from './call-facts.js';
import { CallsModel, keptSeconds } from './calls-model.js';
import { perSecond } from './columns.js';
import { chosenRows, type MethodRow, methodRows } from './method-row.js';
import { Methods } from './methods.js';
import { NotableCalls } from './notable-calls.js';
import { statusName, statusTags } from './status-name.js';

/** What is shown, by the word `show` of the query. */
const tabs = { '': 'Methods', slow: 'Slowest', failed: 'Failed', each: 'One by one' } as const;

/** The calls that pass through all hubs, live. */
export function Calls({ hub }: ViewProps) {
  const model = useMemo(() => new CallsModel(), []);
  const state = useStream('calls', {
    hub,
    open: (_, call) => hub.inspector.watchCalls({}, call),
    take: model.take,
  });
  const { query } = place.value;
  const windowed = useComputed(() => (place.value.query.get('window') === '5m' ? keptSeconds : 60));
  const rows = useComputed(() => {
    void model.version.value;
    return methodRows(model, now.value / 1000, windowed.value);
  }).value;
  const words = (query.get('q') ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const node = query.get('node') ?? '';
  const [show, opened, sort] = [
    query.get('show') ?? '',
    query.get('call') ?? '',
    query.get('sort') ?? '-rate',
  ];
  const shown = chosenRows(rows, { words, node, statuses: chosenIn('status'), sort });
  const known = model.notable.get(opened);
  const rate = shown.reduce((sum, row) => sum + row.rate, 0);
  return (
    <>
      <div class="bar">
        <h1>Calls</h1>
        <Search label="Search calls" />
        <QueryChoice label="Node" name="node" all="All nodes" values={countBy(rows, ({ of }) => of.node)} />
        <select
          aria-label="Window"
          value={query.get('window') ?? ''}
          onChange={(event) => setQuery({ window: event.currentTarget.value })}
        >
          <option value="">Last minute</option>
          <option value="5m">Last 5 minutes</option>
        </select>
        <span class="soft" role="status">
          {perSecond(rate)} calls/s, {count(shown.reduce((sum, { bin }) => sum + bin.failed, 0))} failed
        </span>
      </div>
      <div class="bar">
        <fieldset class="chips">
          <legend>Show</legend>
          {Object.entries(tabs).map(([value, title]) => (
            <button
              key={value}
              type="button"
              aria-pressed={show === value}
              onClick={() => setQuery({ show: value })}
            >
              {title}
            </button>
          ))}
        </fieldset>
        {show === '' && <Chips label="Status" name="status" chips={statusChips(rows)} />}
      </div>
      <StreamNotice of="Calls" state={state.value} />
      {rows.length === 0 && show === '' && state.value.is === 'live' && (
        <Notice>
          No call has ended in this time. <code>postern call NODE METHOD</code> makes one.
        </Notice>
      )}
      {model.more && <Notice>There are more methods than hubs tell of.</Notice>}
      <div class="fleet">
        <div class="calls">
          {show === '' && <Methods rows={shown} sort={sort} windowSeconds={windowed.value} />}
          {(show === 'slow' || show === 'failed') && (
            <NotableCalls calls={[...model.notable.values()]} {...{ show, words, node, opened }} />
          )}
          {show === 'each' && <ActivityTail key={node} {...{ hub, node, words, opened }} />}
        </div>
        {opened !== '' && (
          <CallDetails
            key={opened}
            hub={hub}
            id={opened}
            known={known === undefined ? undefined : factsOfNotable(known)}
          />
        )}
      </div>
    </>
  );
}

function statusChips(rows: readonly MethodRow[]) {
  const counts = new Map<number, number>();
  for (const { bin } of rows) {
    for (const [status, n] of bin.ended) counts.set(status, (counts.get(status) ?? 0) + n);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, n]) => ({
      value: statusName(status),
      count: n,
      text: (
        <>
          <ToneSign tags={statusTags(status)} /> {statusName(status)}
        </>
      ),
    }));
}

/** How many rows there are of each value. */
function countBy(rows: readonly MethodRow[], value: (row: MethodRow) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return counts;
}
