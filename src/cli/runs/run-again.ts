import { readFile } from 'node:fs/promises';
import { unary } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import { hubServices } from '../../client/hub-services.js';
import type { Judgement } from '../../controller/judging/judgement.js';
import { nodesGone, type Replay } from '../../controller/plan/replay.js';
import { replayOf } from '../../controller/plan/replay-of.js';
import { errorText, PosternError } from '../../errors.js';
import type { GetScenarioResponse } from '../../gen/postern/v1/runs.js';
import { listNodes } from '../commands/nodes.js';
import type { Invocation } from '../invocation.js';
import { readScenarioText } from '../scenario/scenario-file.js';
import { withHub } from '../with-hub.js';
import { readReport } from './fetched-report.js';
import { readRunFile } from './run-file.js';
import { RunsCalls } from './runs-calls.js';

/** A run that is to be done again. */
export interface RunAgain {
  /** The scenario, and its file name. */
  readonly text: string;
  readonly file: string;
  readonly seed: string;
  /** Who brought the nodes, where that is not what the scenario says. */
  readonly provider: string | undefined;
  readonly replay: Replay;
  /** What is left out, or not quite as it was. */
  readonly remarks: readonly string[];
}

/** Where a run is read from, and what of it is needed. */
interface Source {
  readonly judgement: Judgement;
  readonly text: string;
  readonly file: string;
  readonly provider?: string;
}

/**
 * What `--replay` names, read; undefined: it is not given. Throws `USAGE`, what reading a file throws, what the hub says of the
 * run, and `RUN_UNARMED`.
 */
export async function againOf(invocation: Invocation): Promise<RunAgain | undefined> {
  const { options } = invocation;
  const named = options.text('replay');
  if (named === undefined) return undefined;
  if (options.text('seed') !== undefined) throw usage('--seed: with --replay it is that of the run');
  const { judgement, text, file, provider } = await sourceOf(invocation, named);
  const { replay, remarks } = replayOf(judgement);
  return { text, file, seed: judgement.plan.seed, provider, replay, remarks };
}

/** Throws `NODES_MISSING` where a node of the run is not connected now. */
export function checkNodesOf(invocation: Invocation, { replay: { run, nodes } }: RunAgain): Promise<void> {
  return withHub(invocation, async (connection) => {
    const there = new Set(
      (await listNodes(connection, ''))
        .filter(({ state }) => state.startsWith('connected.'))
        .map(({ name }) => name),
    );
    const missing = nodes.filter((name) => !there.has(name));
    if (missing.length > 0) throw nodesGone(run, missing);
  });
}

async function sourceOf(invocation: Invocation, named: string): Promise<Source> {
  const [scenario] = invocation.words;
  if (named.endsWith('.json')) {
    if (scenario === undefined) {
      throw usage(
        `--replay ${named}: a report does not hold the scenario: name that too, or a file of \`postern runs export\` alone`,
      );
    }
    const judgement = await reportIn(named);
    return { judgement, text: await readScenarioText(scenario), file: scenario };
  }
  if (scenario !== undefined) throw usage('SCENARIO: with --replay it is that of the run');
  // Names of runs have neither dots nor slashes.
  if (/[./]/.test(named)) return inRunFile(named);
  return withHub(invocation, (connection) => onHub(connection, named));
}

async function onHub(connection: HubConnection, run: string): Promise<Source> {
  const json = await new RunsCalls(connection).report({ run, format: 'json', rulesJson: '' });
  const { scenario, file, provider } = await unary<GetScenarioResponse>((done) =>
    hubServices(connection).runs.getScenario({ run }, connection.metadata(), done),
  );
  const { judgement } = readReport(json);
  return { judgement, text: scenario, file, ...(provider === '' ? {} : { provider }) };
}

async function reportIn(file: string): Promise<Judgement> {
  const json = await readFile(file, 'utf8').catch((thrown: unknown) => {
    throw new PosternError('REPORT_INVALID', `cannot read ${file}: ${errorText(thrown)}`, {
      exitCode: 2,
      cause: thrown,
    });
  });
  return readReport(json, file).judgement;
}

async function inRunFile(named: string): Promise<Source> {
  const { header, report, scenario } = await readRunFile(named);
  if (report === undefined) {
    const message = `the run '${header.run}' in ${named} ended before its nodes were there`;
    throw new PosternError('RUN_UNPLANNED', message, { exitCode: 2 });
  }
  if (scenario === undefined) {
    throw new PosternError('RUN_FILE_INVALID', `${named} does not hold the scenario of the run`, {
      hint: 'an older hub could not tell it: name the report.json of the run and its scenario',
      exitCode: 2,
    });
  }
  return { judgement: readReport(JSON.stringify(report), named).judgement, ...scenario };
}

function usage(message: string): PosternError {
  return new PosternError('USAGE', message, { exitCode: 2 });
}
