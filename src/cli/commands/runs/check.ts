import type { Invocation } from '../../invocation.js';
import { statusOfVerdict } from '../../runs/exit-status.js';
import { fetchReport, reportText } from '../../runs/fetched-report.js';
import { ReportFiles } from '../../runs/report-files.js';
import { rulesDifference } from '../../runs/rules-difference.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { wantedRules } from '../../runs/wanted-rules.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';

/** `postern check`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams, env, words } = invocation;
  const rules = await wantedRules(invocation);
  const files = new ReportFiles(invocation);
  await files.prepare();
  const name =
    words[0] ??
    (await withHub(invocation, async (connection) => (await new RunsCalls(connection).find(undefined)).run));
  const rulesJson = Object.keys(rules).length === 0 ? '' : JSON.stringify(rules);
  const report = await fetchReport(invocation, name, rulesJson);
  const { judgement, json } = report;
  const differing = rulesDifference(judgement.rules, judgement.plan.rules);
  const style = styleFor(streams.stderr, env);
  for (const line of differing) streams.stderr.write(`${style.yellow('other rule:')} ${line}\n`);
  streams.stdout.write(options.text('output') === 'json' ? json : reportText(invocation, judgement));
  if (files.wanted) await files.write(invocation, report);
  return statusOfVerdict(judgement.verdict);
}
