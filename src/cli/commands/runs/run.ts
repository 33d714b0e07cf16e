import { status } from '@grpc/grpc-js';
import { CallFailed } from '../../../client/call-failed.js';
import { PosternError } from '../../../errors.js';
import type { Run } from '../../../gen/postern/v1/runs.js';
import type { Invocation } from '../../invocation.js';
import type { World } from '../../providers/world.js';
import { tellEnded } from '../../runs/ended-run.js';
import { Interruption } from '../../runs/interruption.js';
import { ReportFiles } from '../../runs/report-files.js';
import { type RunShow, runShow } from '../../runs/run-show.js';
import { RunsCalls } from '../../runs/runs-calls.js';
import { type WantedRun, wantedRun } from '../../runs/wanted-run.js';
import { watchRun } from '../../runs/watch-run.js';
import { withWorld } from '../../runs/with-world.js';
import { styleFor } from '../../style.js';
import { withHub } from '../../with-hub.js';

/** `postern run`. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, streams } = invocation;
  const wanted = await wantedRun(invocation);
  const files = new ReportFiles(invocation);
  await files.prepare();
  warn(invocation, wanted);
  if (options.flag('detach')) {
    const begun = await begin(invocation, wanted, undefined);
    streams.stdout.write(`${begun.run}\n`);
    return 0;
  }
  const form = options.text('output') === 'jsonl' ? 'jsonl' : 'text';
  const show = runShow(invocation, form);
  const interruption = new Interruption(show);
  try {
    return await withWorld(invocation, wanted, { show, interruption }, async (world) => {
      const ended = await follow(invocation, { wanted, world, show, interruption });
      return tellEnded(invocation, ended, { files, form, hub: world?.hub, hubEnds: world !== undefined });
    });
  } finally {
    show.end();
  }
}

async function follow(
  invocation: Invocation,
  about: {
    readonly wanted: WantedRun;
    readonly world: World | undefined;
    readonly show: RunShow;
    readonly interruption: Interruption;
  },
): Promise<Run> {
  const { wanted, world, show, interruption } = about;
  const begun = await begin(invocation, wanted, world);
  interruption.begun(begun.run, world === undefined);
  show.say(`run ${begun.run}`);
  const watched = watchRun(invocation, {
    run: begun.run,
    show,
    hub: world?.hub,
    ending: interruption.ending,
  });
  const broken = world?.broken.then((why) => {
    throw why;
  });
  try {
    const ended = await Promise.race([watched, ...(broken === undefined ? [] : [broken])]);
    interruption.over();
    return ended;
  } finally {
    show.end();
  }
}

async function begin(invocation: Invocation, { request }: WantedRun, world: World | undefined): Promise<Run> {
  try {
    return await withHub(invocation, (connection) => new RunsCalls(connection).start(request), world?.hub);
  } catch (thrown) {
    if (!(thrown instanceof CallFailed) || thrown.status.code !== status.INVALID_ARGUMENT) throw thrown;
    // A hub of another version may know other mistakes; each has its line.
    throw new PosternError('SCENARIO_INVALID', thrown.status.details, { exitCode: 2, cause: thrown });
  }
}

/** What is odd in the scenario, or not done again of a run, is told before anything is begun. */
function warn({ streams: { stderr }, env }: Invocation, { scenario, replays }: WantedRun): void {
  const style = styleFor(stderr, env);
  if (replays !== undefined) stderr.write(`${style.dim('replays')} ${replays.run}\n`);
  for (const text of replays?.told ?? []) stderr.write(`${style.yellow('warning:')} ${text}\n`);
  for (const { place, path, text } of scenario.warnings) {
    stderr.write(`${place}: ${style.yellow('warning:')} ${path === '' ? '' : `${path}: `}${text}\n`);
  }
}
