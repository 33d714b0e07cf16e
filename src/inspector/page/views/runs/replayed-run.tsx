import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../../../../gen/web/postern/v1/runs_pb.js';
import type { ViewProps } from '../../app.js';
import { callError, type Hub } from '../../hub.js';
import { Notice } from '../../parts/notice.js';
import { reportText } from './fetched.js';
import type { RunRecord } from './model/record.js';
import { recordedRun } from './model/recorded-run.js';
import { type Report, readReport } from './model/report.js';
import type { ToldTransition } from './model/told.js';
import { RunScreen } from './run-screen.js';

type Loaded = { readonly record: RunRecord; readonly problems: readonly string[] };

/** A run that has ended, from its report and what is kept of its actors. */
export function ReplayedRun({ hub, run }: ViewProps & { readonly run: Run }) {
  const [loaded, setLoaded] = useState<Loaded | undefined>(undefined);
  useEffect(() => {
    const over = new AbortController();
    load(hub, run, over.signal).then(
      (value) => !over.signal.aborted && setLoaded(value),
      () => {},
    );
    return () => over.abort();
  }, [hub, run]);
  const record = loaded?.record ?? recordedRun(run, undefined, []);
  return (
    <>
      {loaded === undefined && <Notice>Its records are judged…</Notice>}
      {loaded?.problems.map((problem) => (
        <Notice key={problem} bad>
          {problem}
        </Notice>
      ))}
      <RunScreen hub={hub} record={record} nowMs={record.facts.endedAtMs} />
    </>
  );
}

/** Never rejects but by the signal: what cannot be had is said. */
async function load(hub: Hub, run: Run, signal: AbortSignal): Promise<Loaded> {
  const problems: string[] = [];
  const orElse = async <T,>(work: Promise<T>, about: string, otherwise: T): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      signal.throwIfAborted();
      problems.push(`${about}: ${callError(thrown)}`);
      return otherwise;
    }
  };
  const [report, transitions] = await Promise.all([
    orElse<Report | undefined>(reportOf(hub, run.run, signal), 'There is no report', undefined),
    orElse(kept(hub, run.run, signal), 'What its actors did is not known', []),
  ]);
  return { record: recordedRun(run, report, transitions), problems };
}

async function reportOf(hub: Hub, run: string, signal: AbortSignal): Promise<Report> {
  return readReport(JSON.parse(await reportText(hub, { run, format: 'json' }, signal)));
}

/** What is kept of the actors of the run. */
async function kept(hub: Hub, run: string, signal: AbortSignal): Promise<readonly ToldTransition[]> {
  const all: ToldTransition[] = [];
  const asked = { filters: [{ run }], history: 64, historyOnly: true };
  for await (const { transitions } of hub.inspector.watch(asked, { signal })) all.push(...transitions);
  return all;
}
