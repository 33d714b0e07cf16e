import { createHash } from 'node:crypto';
import type { Bus } from '../../bus/bus.js';
import { largestScenarioBytes, type RunEntry, type RunPartOf } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import type { RunsServer, StartRunRequest } from '../../gen/postern/v1/runs.js';
import type { Logger } from '../../log.js';
import type { Operated } from '../../operating.js';
import { readScenario } from '../scenario/read-scenario.js';
import { type Provider, providers } from '../scenario/scenario.js';
import type { RunBoard } from './board.js';
import { methods } from './methods.js';
import { replayIn } from './replay-request.js';
import { reportOf } from './report-of.js';
import { checkRunName, newRunName } from './run-names.js';
import { runView } from './run-view.js';
import { WatchedRun } from './watched-run.js';

/** So many runs are listed where nobody says how many. */
const listed = 100;
/** A report is sent in parts of so many bytes. */
const partBytes = 64 * 1024;

/** What the service needs. */
export interface RunsServiceOptions {
  readonly bus: Bus;
  readonly board: () => Promise<RunBoard>;
  readonly now: () => number;
  /** Hears of runs that somebody has asked to end. */
  readonly told: (operated: Operated) => void;
  readonly log: Logger;
}

/** `postern.v1.Runs`. */
export function runsService({ bus, board, now, told, log }: RunsServiceOptions): RunsServer {
  const { unary, streaming } = methods(log);
  const shown = async (runs: RunBoard, entry: RunEntry) => ({
    run: runView(entry, (await runs.partsOf(entry.run).get('nodes'))?.nodes),
  });
  return {
    startRun: unary(async (request, user) => {
      const runs = await board();
      const scenario = scenarioOf(request);
      const name = request.run === '' ? newRunName(scenario.name, now()) : checkRunName(request.run);
      const entry = await begin(runs, name, user, { ...scenario, replay: replayIn(request) });
      return { run: runView(entry) };
    }),
    stopRun: unary(async ({ run, reason }, user) => {
      const runs = await board();
      const entry = await runs.askToStop(run, user, reason);
      told(askedToEnd(entry, user, reason));
      return shown(runs, entry);
    }),
    getRun: unary(async ({ run }) => {
      const runs = await board();
      return shown(runs, known(runs, run));
    }),
    listRuns: unary(async ({ limit }) => {
      const { entries } = await board();
      const most = limit === 0 ? listed : limit;
      return { runs: entries.slice(0, most).map((entry) => runView(entry)), more: entries.length > most };
    }),
    watchRun: streaming(async ({ run }, signal, out) => {
      const runs = await board();
      known(runs, run);
      const watched = new WatchedRun({ run, board: runs, bus });
      try {
        for await (const message of watched.messages(signal)) await out(message);
      } finally {
        watched.stop();
      }
    }),
    getReport: streaming(async ({ run, format, rulesJson }, signal, out) => {
      const runs = await board();
      const report = await reportOf(
        { entry: known(runs, run), parts: runs.partsOf(run), bus, now },
        { format, rulesJson },
        signal,
      );
      const bytes = Buffer.from(report, 'utf8');
      for (let at = 0; at < bytes.length; at += partBytes) {
        await out({ part: bytes.subarray(at, at + partBytes) });
      }
    }),
    getScenario: unary(async ({ run }) => {
      const runs = await board();
      known(runs, run);
      const stored = await runs.partsOf(run).get('scenario');
      if (stored === undefined)
        throw new PosternError('RUN_UNKNOWN', `the scenario of '${run}' is not stored`);
      return { scenario: stored.text, file: stored.file, provider: stored.provider ?? '' };
    }),
  };
}

function askedToEnd({ run, endedAtMs }: RunEntry, caller: string, reason: string): Operated {
  const outcome = endedAtMs === undefined ? 'it is asked to end' : 'it has ended already';
  const method = 'postern.v1.Runs/StopRun';
  return { caller, node: '', method, actor: `run/${run}`, event: 'ABORTED', reason, code: 0, outcome };
}

function known(runs: RunBoard, run: string): RunEntry {
  const entry = runs.entry(run);
  if (entry !== undefined) return entry;
  throw new PosternError('RUN_UNKNOWN', `there is no run '${run.slice(0, 80)}'`, {
    hint: 'see which there are with `postern runs ls`',
  });
}

/** What a run is begun with. */
interface Asked {
  readonly part: RunPartOf<'scenario'>;
  readonly replay: RunPartOf<'replay'> | undefined;
}

/** Throws `INVALID_ARGUMENT` and `SCENARIO_INVALID`, which tells every mistake. */
function scenarioOf({ scenario: text, file, seed, provider: wanted }: StartRunRequest): {
  name: string;
  part: RunPartOf<'scenario'>;
} {
  if (Buffer.byteLength(text) > largestScenarioBytes) {
    throw new PosternError(
      'INVALID_ARGUMENT',
      `scenario: at most ${largestScenarioBytes / 1024} KiB are taken`,
    );
  }
  if (seed.length > 128) throw new PosternError('INVALID_ARGUMENT', 'seed: at most 128 characters are taken');
  const fileName = file === '' ? 'scenario' : file.slice(-200);
  const provider = providerOf(wanted);
  const { name } = readScenario(text, fileName, provider);
  return {
    name,
    part: { k: 'scenario', text, file: fileName, ...(seed === '' ? {} : { seed }), ...provider },
  };
}

function providerOf(wanted: string): { readonly provider?: Provider } {
  const provider = providers.find((one) => one === wanted);
  if (provider !== undefined) return { provider };
  if (wanted === '') return {};
  throw new PosternError('INVALID_ARGUMENT', `provider: there is ${providers.join(', ')}`);
}

/** Begins a run; the same one once more is the one that was begun. */
async function begin(
  runs: RunBoard,
  run: string,
  user: string,
  { part: scenario, replay }: Asked,
): Promise<RunEntry> {
  try {
    return await runs.begin(run, user, scenario, replay);
  } catch (thrown) {
    if (!(thrown instanceof PosternError) || thrown.code !== 'RUN_EXISTS') throw thrown;
    const entry = runs.entry(run);
    const parts = runs.partsOf(run);
    const [stored, storedReplay] = [await parts.get('scenario'), await parts.get('replay')];
    if (entry === undefined || stored === undefined) throw thrown;
    if (digest(stored, storedReplay) === digest(scenario, replay)) return entry;
    throw thrown;
  }
}

function digest(part: RunPartOf<'scenario'>, replay: RunPartOf<'replay'> | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([part.text, part.seed, part.provider, replay]))
    .digest('hex');
}
