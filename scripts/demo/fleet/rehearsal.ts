import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Judgement } from '../../../src/controller/judging/judgement.js';
import { judgementSchema } from '../../../src/controller/report/judgement-schema.js';
import { type Demo, postern, typed } from '../context.js';
import type { Finished } from '../programs.js';

/** So long a run may take on a busy machine, milliseconds. */
export const runMs = 240_000;

/** What to run, and where its files go. */
export interface RehearsalOrder {
  readonly scenario: string;
  /** Directory for the files of hub and nodes. */
  readonly directory: string;
  /** Directory for the reports. */
  readonly report: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gets each line that it says. */
  readonly heard?: ((line: string) => void) | undefined;
}

/** What `postern run` came to. */
export interface Rehearsed {
  readonly finished: Finished;
  /** Absent: there is no report. */
  readonly judgement: Judgement | undefined;
}

/** The command as it is shown. */
export function typedRun({ scenario, report }: RehearsalOrder): string {
  return typed('postern', ['run', path.basename(scenario), '--report', report]);
}

/** Runs a scenario to its end. */
export async function rehearse(demo: Pick<Demo, 'world'>, order: RehearsalOrder): Promise<Rehearsed> {
  const { scenario, directory, report, env, heard } = order;
  const args = ['run', scenario, '--directory', directory, '--report', report];
  const finished = await demo.world.programs.run(postern, args, { timeoutMs: runMs, env, heard });
  return { finished, judgement: await judgementIn(report) };
}

/** The judgement in a directory of reports; undefined where there is none. */
export async function judgementIn(report: string): Promise<Judgement | undefined> {
  const json = await readFile(path.join(report, 'report.json'), 'utf8').catch(() => undefined);
  return json === undefined ? undefined : judgementSchema.parse(JSON.parse(json));
}

/** The judgement, if the verdict is this one and the exit status tells it; throws what there is instead. */
export function expectVerdict({ finished, judgement }: Rehearsed, verdict: 'pass' | 'fail'): Judgement {
  const status = { pass: 0, fail: 3 }[verdict];
  if (judgement?.verdict === verdict && finished.code === status) return judgement;
  const ended = `exit status ${finished.code ?? 'of nobody: it was killed after a time-out'}`;
  if (judgement === undefined) throw new Error(`no verdict, ${ended}: ${finished.stderr.trim().slice(-600)}`);
  const why = judgement.reasons.map(({ text }) => text).join('; ');
  throw new Error(`the verdict is ${judgement.verdict}, not ${verdict}, ${ended}: ${why || 'for no reason'}`);
}
