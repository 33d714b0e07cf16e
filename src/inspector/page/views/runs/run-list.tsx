import type { Run } from '../../../../gen/web/postern/v1/runs_pb.js';
import type { ViewProps } from '../../app.js';
import { now } from '../../clock.js';
import { type Chip, Chips, chosenIn } from '../../parts/chips.js';
import { duration } from '../../parts/format.js';
import { Notice } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { type Column, Table } from '../../parts/table.js';
import { Time } from '../../parts/time.js';
import { go, href, place, setQuery } from '../../place.js';
import { OpenFile } from './file/open-file.js';
import { usePolled } from './polled.js';
import { VerdictMark } from './verdict.js';

/** How often the list is read anew, milliseconds. */
const everyMs = 2_000;
/** As many as hubs remember. */
const mostRuns = 1_000;

/** The runs, the newest first; what is looked for is in the URL. */
export function RunList({ hub }: ViewProps) {
  const { value, problem } = usePolled(
    (signal) => hub.runs.listRuns({ limit: mostRuns }, { signal }),
    everyMs,
    hub,
  );
  const runs = value?.runs ?? [];
  const chosen = chosenIn('verdict');
  const words = (place.value.query.get('q') ?? '').toLowerCase().split(/\s+/);
  const shown = runs.filter(
    (run) => (chosen.size === 0 || chosen.has(standingOf(run))) && words.every((word) => has(run, word)),
  );
  return (
    <>
      <div class="bar">
        <h1>Runs</h1>
        <Search label="Run, scenario or user" />
        <Chips label="Verdict" name="verdict" chips={chipsOf(runs)} />
        <OpenFile />
      </div>
      {problem !== '' && <Notice bad>{problem}</Notice>}
      {value !== undefined && runs.length === 0 && (
        <Notice>
          There is no run yet: begin one with <code>postern run SCENARIO</code>.
        </Notice>
      )}
      <Table
        label="Runs"
        columns={columns}
        rows={sorted(shown, place.value.query.get('sort') ?? '')}
        rowKey={({ run }) => run}
        version={(run) => `${run.state} ${run.endedAtMs === 0 ? now.value : run.endedAtMs} ${run.verdict}`}
        sort={place.value.query.get('sort') ?? ''}
        onSort={(sort) => setQuery({ sort })}
        onOpen={({ run }) => go(href(['runs', run]))}
      />
    </>
  );
}

const columns: readonly Column<Run>[] = [
  {
    id: 'run',
    title: 'Run',
    width: 26,
    sortable: true,
    cell: ({ run }) => <a href={href(['runs', run])}>{run}</a>,
  },
  { id: 'scenario', title: 'Scenario', width: 18, sortable: true, cell: ({ scenario }) => scenario },
  { id: 'state', title: 'State', width: 14, sortable: true, cell: ({ state }) => state },
  {
    id: 'verdict',
    title: 'Verdict',
    width: 10,
    sortable: true,
    cell: ({ verdict }) => <VerdictMark verdict={verdict} />,
  },
  { id: 'started', title: 'Started', width: 10, cell: ({ startedAtMs }) => <Time ms={startedAtMs} /> },
  {
    id: 'took',
    title: 'Took',
    width: 10,
    numeric: true,
    cell: (run) => duration((run.endedAtMs || now.value) - run.startedAtMs),
  },
  { id: 'by', title: 'Started by', width: 12, sortable: true, cell: ({ startedBy }) => startedBy },
];

/** Its verdict; `going` while it has none and goes on. */
function standingOf({ verdict, endedAtMs }: Run): string {
  if (endedAtMs === 0) return 'going';
  return verdict === '' ? 'none' : verdict;
}

function chipsOf(runs: readonly Run[]): Chip[] {
  const counted = new Map<string, number>();
  for (const run of runs) counted.set(standingOf(run), (counted.get(standingOf(run)) ?? 0) + 1);
  return ['going', 'pass', 'fail', 'unknown', 'none'].flatMap((value) => {
    const count = counted.get(value) ?? 0;
    return count === 0 ? [] : [{ value, count }];
  });
}

function has({ run, scenario, startedBy, state }: Run, word: string): boolean {
  return [run, scenario, startedBy, state].some((text) => text.toLowerCase().includes(word));
}

/** By a column, with `-` in front the other way round; else as the hub tells them. */
function sorted(runs: readonly Run[], sort: string): readonly Run[] {
  const by = texts[sort.replace('-', '')];
  if (by === undefined) return runs;
  const up = runs.toSorted((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
  return sort.startsWith('-') ? up.reverse() : up;
}

const texts: Readonly<Record<string, (run: Run) => string>> = {
  run: ({ run }) => run,
  scenario: ({ scenario }) => scenario,
  state: ({ state }) => state,
  verdict: ({ verdict }) => verdict,
  by: ({ startedBy }) => startedBy,
};
