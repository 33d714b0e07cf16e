import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { duration } from '../../parts/format.js';
import { Time } from '../../parts/time.js';
import { href, place, setQuery } from '../../place.js';
import { advanced, type Playback, shownMs } from './model/playback.js';
import type { RunRecord } from './model/record.js';
import { extent, runAt } from './model/run-at.js';
import { Player } from './player.js';
import { RunActions } from './run-actions.js';
import { TestTable } from './test-table.js';
import { TimeLine } from './time-line.js';
import { VerdictMark } from './verdict.js';

interface RunScreenProps extends ViewProps {
  readonly record: RunRecord;
  /** Of the controller's clock, Unix milliseconds. */
  readonly nowMs: number;
}

/** While it is played, it is drawn anew so often, milliseconds. */
const frameMs = 50;
/** A moment that is looked at for so long is put into the link, milliseconds. */
const linkMs = 300;

/** A run, live or recorded, at the moment that is looked at. */
export function RunScreen({ hub, record, nowMs }: RunScreenProps) {
  const { facts } = record;
  const time = extent(record, nowMs);
  const [playback, setPlayback] = useState<Playback>(() => linked(time.fromMs));
  const heldMs = playback.playing ? undefined : playback.atMs;
  useEffect(() => {
    const at = heldMs === undefined ? '' : ((heldMs - time.fromMs) / 1_000).toFixed(2);
    const timer = setTimeout(() => {
      if ((place.peek().query.get('at') ?? '') !== at) setQuery({ at });
    }, linkMs);
    return () => clearTimeout(timer);
  }, [heldMs]);
  useEffect(() => {
    if (!playback.playing) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const passed = performance.now() - last;
      last += passed;
      setPlayback((before) => advanced(before, passed, time));
    }, frameMs);
    return () => clearInterval(timer);
  }, [playback.playing, time.knownMs]);
  const atMs = shownMs(playback, time);
  const shown = useMemo(() => runAt(record, atMs), [record, atMs]);
  return (
    <div class="run">
      <div class="bar">
        <h1>
          <a href={href(['runs'])}>Runs</a> / {facts.run}
        </h1>
        <VerdictMark verdict={shown.verdict} />
        <span class="run-state" role="status">
          {shown.state}
        </span>
        <RunActions hub={hub} facts={facts} />
      </div>
      <p class="soft run-facts">
        {facts.scenario} · started <Time ms={facts.startedAtMs} as="full" /> by {facts.startedBy} ·{' '}
        {facts.endedAtMs > 0 ? 'took' : 'for'} {duration(time.knownMs - time.fromMs)} · {facts.nodes.length}{' '}
        nodes
        {facts.seed !== '' && ` · seed ${facts.seed}`}
        {record.judged !== undefined &&
          ` · ${record.judged.records} records in ${record.judged.journals} journals judged`}
      </p>
      <Player playback={playback} time={time} live={facts.endedAtMs === 0} change={setPlayback} />
      <TimeLine
        record={record}
        shown={shown}
        time={time}
        look={(moment) => setPlayback({ ...playback, playing: false, atMs: moment })}
      />
      {shown.waitsFor !== '' && <p class="waits">waits: {shown.waitsFor}</p>}
      <Words title="Why" words={shown.reasons} />
      <Words title="Warnings" words={facts.warnings} />
      <TestTable run={facts.run} shown={shown} />
    </div>
  );
}

/** At the moment that the link names, seconds since the beginning. */
function linked(fromMs: number): Playback {
  const at = place.peek().query.get('at') ?? '';
  return {
    atMs: /^\d+(?:\.\d+)?$/.test(at) ? fromMs + Number(at) * 1_000 : undefined,
    playing: false,
    speed: 1,
  };
}

function Words({ title, words }: { readonly title: string; readonly words: readonly string[] }) {
  if (words.length === 0) return null;
  return (
    <section aria-label={title} class="words">
      <h2>{title}</h2>
      <ul>
        {words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ul>
    </section>
  );
}
