import { largestScenarioBytes } from '../../bus/run-messages.js';
import { checkRunName } from '../../controller/runs/run-names.js';
import { readScenario } from '../../controller/scenario/read-scenario.js';
import { providers, type Scenario } from '../../controller/scenario/scenario.js';
import { errorText, PosternError } from '../../errors.js';
import type { StartRunRequest } from '../../gen/postern/v1/runs.js';
import type { Invocation } from '../invocation.js';
import { readScenarioText } from '../scenario/scenario-file.js';
import { againOf, checkNodesOf } from './run-again.js';

/** A seed may have as many characters. */
const longestSeed = 128;

/** A run as it was asked for on the command line. */
export interface WantedRun {
  readonly scenario: Scenario;
  readonly request: StartRunRequest;
  /** The run that is done again, and what of it is not, in words. */
  readonly replays?: { readonly run: string; readonly told: readonly string[] };
}

/** Reads the scenario and the options, so that nothing is begun that cannot be. Throws, with exit status 2, every mistake of the scenario. */
export async function wantedRun(invocation: Invocation): Promise<WantedRun> {
  const { options, words } = invocation;
  const again = await againOf(invocation);
  const file = again?.file ?? words[0];
  if (file === undefined) throw usage('say which SCENARIO to run, or --replay RUN');
  const [seed, name] = [again?.seed ?? options.text('seed') ?? '', options.text('name') ?? ''];
  if (seed.length > longestSeed) throw usage(`--seed: at most ${longestSeed} characters are taken`);
  if (name !== '') checkName(name);
  const wanted = options.text('provider') ?? again?.provider;
  const provider = providers.find((one) => one === wanted);
  const text = again?.text ?? (await readScenarioText(file));
  const scenario = readScenario(text, file, provider === undefined ? {} : { provider });
  if (Buffer.byteLength(text) > largestScenarioBytes) {
    throw new PosternError('SCENARIO_INVALID', `${file}: a hub takes at most ${largestScenarioBytes} bytes`, {
      exitCode: 2,
    });
  }
  const { provider: brings } = scenario;
  if (again !== undefined && brings === 'connected') await checkNodesOf(invocation, again);
  if (brings !== 'connected' && options.flag('detach')) {
    throw usage(`--detach: the nodes of provider ${brings} end with this command`);
  }
  return {
    scenario,
    request: {
      ...{ scenario: text, file, seed, run: name, provider: provider ?? '' },
      replayJson: again === undefined ? '' : JSON.stringify(again.replay),
    },
    ...(again === undefined ? {} : { replays: { run: again.replay.run, told: again.remarks } }),
  };
}

function checkName(name: string): void {
  try {
    checkRunName(name);
  } catch (thrown) {
    throw usage(errorText(thrown).replace(/^run:/, '--name:'));
  }
}

function usage(message: string): PosternError {
  return new PosternError('USAGE', message, { exitCode: 2 });
}
