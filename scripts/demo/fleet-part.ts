import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Judgement } from '../../src/controller/judging/judgement.js';
import type { Demo } from './context.js';
import { accountOf, catchUpOf, faultsOf, sightsOf } from './fleet/facts.js';
import { type FleetGround, findGround } from './fleet/ground.js';
import { judgeAgain } from './fleet/judge-again.js';
import { lossesOf } from './fleet/losses.js';
import { expectVerdict, type Rehearsed, rehearse, runMs, typedRun } from './fleet/rehearsal.js';
import { loser, writeScenarios } from './fleet/scenarios.js';

/** Of what a run says while it goes on, that which makes the story. */
const ofTheStory = /^ *\d+:\d\d {2}(?:main\.\w+|collecting|judging|not reached|reached|link|peers)\b/;

/** Both runs, on their way, and where the files of their nodes are. */
interface Runs {
  readonly parted: Promise<Rehearsed>;
  readonly lossy: Promise<Rehearsed>;
  readonly directoryOf: (name: 'parted' | 'lossy') => string;
}

/**
 * Rehearses a fleet of five: two are cut off in the middle of a test, and everything arrives exactly once. Then the same with
 * a daemon that loses messages, and the report names them. Both go on at the same time, which makes the story shorter.
 */
export async function fleetPart(demo: Demo): Promise<void> {
  const { stage, reports } = demo;
  stage.part('A fleet of five; two of them are cut off in the middle of a test');
  const ground = await stage.step('where the fleet can be', () => groundOf(demo), 300_000);
  const runs = await begin(demo, ground);
  const judgement = await stage.step(
    'it ends with PASS, exit status 0',
    async () => expectVerdict(await runs.parted, 'pass'),
    runMs,
  );
  await tellPass(demo, judgement, ground);

  stage.part('The same with a daemon that loses one message in 50; it went on at the same time');
  const failed = await stage.step(
    'it ends with FAIL, exit status 3',
    async () => expectVerdict(await runs.lossy, 'fail'),
    runMs,
  );
  await stage.step('the report names the messages that the daemon says it lost, and no others', async () => {
    const { count, numbers } = await lossesOf(failed, runs.directoryOf('lossy'));
    const receivers = failed.plan.nodes.length - 1;
    stage.show(`lost: ${count} messages of ${loser}, numbers ${numbers}, at ${receivers} receivers each`);
    stage.show(accountOf(failed, count * receivers));
  });

  stage.part('What is stored of the first run, judged again by a hub that was not there');
  await stage.step('the verdict is the same', async () => {
    stage.show(await judgeAgain(demo, { run: judgement.run, directory: runs.directoryOf('parted') }));
  });

  stage.part('The reports, for a browser');
  for (const name of ['parted', 'lossy']) stage.show(path.join(reports, name, 'index.html'));
}

async function groundOf({ stage }: Demo): Promise<FleetGround> {
  const ground = await findGround();
  if (ground.provider === 'lab') stage.show('in a lab: each node is behind a NAT of its own');
  else {
    stage.show(`no lab can be made here: ${ground.why}`);
    stage.show('so all are on this machine, and are cut from the hub alone, not from each other');
  }
  return ground;
}

async function begin(demo: Demo, ground: FleetGround): Promise<Runs> {
  const { stage, world, reports } = demo;
  const scenarios = await writeScenarios(world.dir, ground);
  await rm(reports, { recursive: true, force: true });
  await mkdir(reports, { recursive: true });
  const directoryOf = (name: 'parted' | 'lossy') => path.join(world.dir, name);
  const run = (name: 'parted' | 'lossy', heard?: (line: string) => void): Promise<Rehearsed> => {
    const order = {
      scenario: scenarios[name],
      directory: directoryOf(name),
      report: path.join(reports, name),
      env: ground.provider === 'lab' ? { PATH: ground.path } : {},
      heard,
    };
    stage.command(`${typedRun(order)} &`);
    return rehearse(demo, order);
  };
  stage.command(scenarios.made.parted);
  const parted = run('parted', (line) => {
    if (ofTheStory.test(line)) stage.show(line.trim());
  });
  stage.command(scenarios.made.lossy);
  const lossy = run('lossy');
  // The end of the one may come while the other is waited for.
  for (const one of [parted, lossy]) one.catch(() => {});
  return { parted, lossy, directoryOf };
}

/** The facts of the report of a fleet that was cut and has passed. */
async function tellPass({ stage }: Demo, judgement: Judgement, { provider }: FleetGround): Promise<void> {
  const isLab = provider === 'lab';
  const fact = (title: string, find: () => readonly string[]): Promise<void> =>
    stage.step(title, async () => {
      for (const line of find()) stage.show(line);
    });
  await fact('each message arrived exactly once, at all others', () => [accountOf(judgement)]);
  await fact('the hub lost sight of those two, and of nobody else', () => [sightsOf(judgement)]);
  await fact('the test went on where they were, and all of it arrived', () =>
    catchUpOf(judgement, { parted: isLab }),
  );
  await fact('every fault did what was planned', () => [
    faultsOf(judgement, isLab ? ['link', 'peers'] : ['link']),
  ]);
}
