/**
 * The demo: a hub, two servers nobody can dial, an agent beside each, one more that only a proxy lets out, a process
 * beside a third, and clients that know nothing of Postern. Then a fleet of five behind NATs, rehearsed twice.
 * Ends with `demo: PASS (N steps, S s)` and 0 when every step did what it should and all that it started is gone.
 *
 * Environment: `KEEP=1` leaves it up (`node dist/scripts/demo.js stop` ends it), `BREAK=<what>` breaks something on
 * purpose, which must end it with 1, `DEMO_PROXY=own` takes the demo's own proxy also where there is a tinyproxy,
 * `DEMO_LAB=none` does without networks for the fleet, `DEMO_REPORTS=DIR` is where its reports go, and stay (default:
 * `demo-report`). Ctrl-C ends it with 130.
 */
import { errorText } from '../src/errors.js';
import { callsPart } from './demo/calls-part.js';
import { type Demo, sabotages } from './demo/context.js';
import { etcdPart } from './demo/etcd-part.js';
import { fleetPart } from './demo/fleet-part.js';
import { httpsPart } from './demo/https-part.js';
import { keepUp, stopKept } from './demo/keep.js';
import { processPart } from './demo/process-part.js';
import { recoveryPart } from './demo/recovery-part.js';
import { breakOnPurpose } from './demo/sabotage.js';
import { Stage, StepFailed } from './demo/stage.js';
import { startPart } from './demo/start-part.js';
import { World } from './demo/world.js';

/** Resolves to the exit code. */
async function main(): Promise<number> {
  const wanted = process.env.BREAK ?? '';
  const sabotage = wanted === '' ? '' : sabotages.find((known) => known === wanted);
  if (sabotage === undefined) {
    process.stderr.write(`demo: BREAK=${wanted} is not known. Choose one of: ${sabotages.join(', ')}\n`);
    return 2;
  }
  const stage = new Stage();
  const world = new World();
  let failure = 1;
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        failure = 130;
        reject(new StepFailed('to the end', new Error(`interrupted by ${name}`)));
      });
    }
  });
  const failures: string[] = [];
  try {
    const demo = await Promise.race([play(stage, world, sabotage), interrupted]);
    if (process.env.KEEP !== undefined && process.env.KEEP !== '') {
      keepUp(demo);
      return pass(stage);
    }
  } catch (thrown) {
    failures.push(failed(thrown));
  }
  stage.part('Clean up');
  try {
    await stage.step('everything is stopped, every port closed, the data directory removed', async () => {
      const left = await world.tearDown();
      if (left.length > 0) throw new Error(left.join('; '));
    });
  } catch (thrown) {
    failures.push(failed(thrown));
  }
  for (const failure of failures) process.stdout.write(`\ndemo: FAIL ${failure}\n`);
  return failures.length === 0 ? pass(stage) : failure;
}

async function play(stage: Stage, world: World, sabotage: Demo['sabotage']): Promise<Demo> {
  const demo = await startPart(stage, world, sabotage);
  breakOnPurpose(demo);
  await callsPart(demo);
  await etcdPart(demo);
  await httpsPart(demo);
  await recoveryPart(demo);
  await processPart(demo);
  await fleetPart(demo);
  return demo;
}

/** What failed and why, on one line. */
function failed(thrown: unknown): string {
  const text = thrown instanceof StepFailed ? `step ${thrown.step}: ${thrown.message}` : errorText(thrown);
  return text.trim().replace(/\s*\n\s*/g, '; ');
}

function pass(stage: Stage): number {
  process.stdout.write(`\ndemo: PASS (${stage.steps} steps, ${stage.seconds} s)\n`);
  return 0;
}

if (process.argv[2] === 'stop') {
  const stopped = await stopKept();
  process.stdout.write(stopped === 0 ? 'demo: nothing was left up\n' : 'demo: stopped\n');
} else {
  const code = await main();
  // What a failed step left waiting must not hold the process.
  process.exit(code);
}
