import type { HubTarget } from '../../client/hub-target.js';
import type { Judgement } from '../../controller/judging/judgement.js';
import { judgementSchema } from '../../controller/report/judgement-schema.js';
import { terminalReport } from '../../controller/report/terminal-report.js';
import { errorText, PosternError } from '../../errors.js';
import type { Invocation } from '../invocation.js';
import { lookOn } from '../redial.js';
import { styleFor } from '../style.js';
import { withHub } from '../with-hub.js';
import { RunsCalls } from './runs-calls.js';

/** Columns of what is no terminal. */
const fileWidth = 120;

/** A judgement, and the JSON that it came as. */
export interface FetchedReport {
  readonly judgement: Judgement;
  readonly json: string;
}

/** Has a run judged, by its own rules or others. Throws what the hub says, `HUB_UNREACHABLE` and `REPORT_INVALID`. */
export function fetchReport(invocation: Invocation, run: string, rulesJson = ''): Promise<FetchedReport> {
  return withHub(invocation, async (connection) =>
    readReport(await new RunsCalls(connection).report({ run, format: 'json', rulesJson })),
  );
}

/** The same of a run that was just looked on at: a hub that is lost is dialed again for ever. */
export async function fetchReportAtLast(
  invocation: Invocation,
  run: string,
  hub: HubTarget | undefined,
): Promise<FetchedReport> {
  let json = '';
  const never = new AbortController().signal;
  await lookOn(
    invocation,
    async (connection, answered) => {
      json = await new RunsCalls(connection).report({ run, format: 'json', rulesJson: '' });
      answered();
      return 0;
    },
    { until: never, hub },
  );
  return readReport(json);
}

/** Reads a report, of the hub or of a file. Throws `REPORT_INVALID`. */
export function readReport(json: string, file?: string): FetchedReport {
  try {
    return { json, judgement: judgementSchema.parse(JSON.parse(json)) };
  } catch (thrown) {
    if (file !== undefined) {
      throw new PosternError('REPORT_INVALID', `${file} holds no report: ${errorText(thrown)}`, {
        exitCode: 2,
        cause: thrown,
      });
    }
    throw new PosternError('REPORT_INVALID', `the hub's report cannot be read: ${errorText(thrown)}`, {
      hint: 'is the hub of another version? its own page is to be had with -o html',
      cause: thrown,
    });
  }
}

/** The report as text, as wide as stdout is. */
export function reportText({ streams: { stdout }, env }: Invocation, judgement: Judgement): string {
  const width = stdout.isTTY ? stdout.columns : fileWidth;
  return terminalReport(judgement, { width: width || fileWidth, paint: styleFor(stdout, env) });
}
