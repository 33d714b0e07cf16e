import path from 'node:path';
import { type Demo, firstListen, postern, startPostern } from '../context.js';
import { dropResult } from './drop-result.js';
import { accountOf } from './facts.js';
import { expectVerdict, judgementIn, type Rehearsed } from './rehearsal.js';

/** A run that has ended, and the directory of its files. */
export interface EndedRun {
  readonly run: string;
  readonly directory: string;
}

/** Judges what is stored of a run once more, by a hub on the files that its own hub has left. */
export async function judgeAgain(demo: Demo, { run, directory }: EndedRun): Promise<string> {
  const { world, stage, sabotage } = demo;
  const data = path.join(directory, 'hub');
  const hub = await startPostern(demo, {
    name: 'hub-again',
    args: ['up', '--data', data, '--listen', '127.0.0.1:0', '--metrics', 'off'],
  });
  world.owns(firstListen(hub.ready));
  if (sabotage === 'drop-result') stage.show(`BREAK: ${await dropResult(data, String(hub.ready.nats), run)}`);
  const report = path.join(directory, 'again');
  stage.command(`postern check ${run}`);
  const finished = await world.programs.run(postern, ['check', run, '--report', report], {
    env: { POSTERN_DATA: data },
    timeoutMs: 60_000,
  });
  const again: Rehearsed = { finished, judgement: await judgementIn(report) };
  const account = accountOf(expectVerdict(again, 'pass'));
  await hub.stop();
  return account;
}
