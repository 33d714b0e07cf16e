import { useState } from 'preact/hooks';
import type { ViewProps } from '../../app.js';
import { callError } from '../../hub.js';
import { Notice } from '../../parts/notice.js';
import { href } from '../../place.js';
import { download } from './download.js';
import { exportedRun } from './export-run.js';
import { reportText } from './fetched.js';
import { openedFile, servedReport } from './file/opened.js';
import type { RunFacts } from './model/record.js';
import { StopRun } from './stop-run.js';

/** Where a run leads to, and what can be done with it. */
export function RunActions({ hub, facts }: ViewProps & { readonly facts: RunFacts }) {
  const { run, endedAtMs } = facts;
  const [busy, setBusy] = useState('');
  const [problem, setProblem] = useState('');
  const [stopping, setStopping] = useState(false);
  const doIt = (what: string, work: () => Promise<void>) => () => {
    setBusy(what);
    setProblem('');
    work()
      .catch((thrown: unknown) => setProblem(`${what}: ${callError(thrown)}`))
      .finally(() => setBusy(''));
  };
  const report = (format: 'json' | 'html', type: string) =>
    doIt(`Report as ${format}`, async () => {
      const text = await reportText(hub, { run, format });
      download(new Blob([text], { type }), `${run}-report.${format}`);
    });
  const save = doIt('Export', async () => {
    const { data, name } = await exportedRun(hub, run, Date.now());
    download(data, name);
  });
  const opened = openedFile.value;
  return (
    <span class="run-actions">
      <a href={href(['machine', 'run', run])}>Machine</a>
      <a href={href(['sequence'], new URLSearchParams({ run }))}>Sequence</a>
      {endedAtMs > 0 ? (
        <>
          {opened === undefined && (
            <button type="button" disabled={busy !== ''} onClick={report('html', 'text/html')}>
              Report (HTML)
            </button>
          )}
          {opened !== undefined && servedReport !== undefined && (
            <a href={servedReport} target="_blank" rel="noreferrer">
              Report
            </a>
          )}
          <button type="button" disabled={busy !== ''} onClick={report('json', 'application/json')}>
            Report (JSON)
          </button>
          <button type="button" disabled={busy !== ''} onClick={save}>
            Export
          </button>
        </>
      ) : (
        <button type="button" class="grave" onClick={() => setStopping(true)}>
          Stop…
        </button>
      )}
      {busy !== '' && <span role="status">{busy}…</span>}
      {problem !== '' && <Notice bad>{problem}</Notice>}
      {stopping && <StopRun hub={hub} run={run} close={() => setStopping(false)} />}
    </span>
  );
}
