import type { HubTarget } from '../../client/hub-target.js';
import { printable } from '../../controller/report/terminal-text.js';
import type { Run } from '../../gen/postern/v1/runs.js';
import type { Invocation, Output } from '../invocation.js';
import { styleFor } from '../style.js';
import { statusOfRun } from './exit-status.js';
import { fetchReportAtLast, reportText } from './fetched-report.js';
import type { ReportFiles } from './report-files.js';
import { verdictText } from './run-view.js';

/** What is done with a run that has ended. */
export interface Ending {
  readonly files: ReportFiles;
  /** `jsonl`: stdout has had it all. */
  readonly form: 'text' | 'jsonl';
  /** Default: as the options of `hubOptions` say. */
  readonly hub?: HubTarget | undefined;
  /** True: the hub goes away with this command. */
  readonly hubEnds?: boolean;
}

/** Prints the report of a run that has ended and writes it to files; resolves to the exit status that tells its verdict. */
export async function tellEnded(invocation: Invocation, run: Run, ending: Ending): Promise<number> {
  const { stdout, stderr } = invocation.streams;
  const dim = styleFor(stderr, invocation.env).dim;
  const out = ending.form === 'text' ? stdout : stderr;
  if (run.planHash === '') {
    out.write(unplannedText(invocation, run, out));
    if (ending.files.wanted) stderr.write(`${dim('there is no report of a run that never had its nodes')}\n`);
    return statusOfRun(run);
  }
  if (ending.form === 'jsonl') {
    stderr.write(`${verdictText(run, styleFor(stderr, invocation.env))} ${run.run}\n`);
    if (!ending.files.wanted) return statusOfRun(run);
  }
  const report = await fetchReportAtLast(invocation, run.run, ending.hub);
  if (ending.form === 'text') stdout.write(reportText(invocation, report.judgement));
  if (ending.files.wanted) await ending.files.write(invocation, report);
  else if (ending.hubEnds !== true) {
    const page = `postern runs report ${run.run} -o html --output-file ${run.run}.html`;
    stderr.write(`${dim(`as a page: ${page}`)}\n`);
  }
  if (report.judgement.verdict !== run.verdict && run.state !== 'aborted') {
    stderr.write(`judged again with what has come since, it is ${report.judgement.verdict}\n`);
  }
  return statusOfRun(run);
}

/** What there is to say of a run that ended before there was a plan. */
function unplannedText({ env }: Invocation, run: Run, out: Output): string {
  const style = styleFor(out, env);
  const lines = [
    `${verdictText(run, style)} ${style.bold(printable(run.scenario || run.run))}`,
    style.dim(`run ${run.run}, ${run.state} before it had its nodes`),
    ...run.reasons.flatMap((reason) => reason.split('\n').map((line) => `  ${printable(line)}`)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
