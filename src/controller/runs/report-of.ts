import type { Bus } from '../../bus/bus.js';
import type { RunEntry } from '../../bus/run-messages.js';
import { PosternError } from '../../errors.js';
import { readRules } from '../judging/rules-schema.js';
import { htmlReport } from '../report/html-report.js';
import { jsonReport } from '../report/json-report.js';
import { junitReport } from '../report/junit-report.js';
import { judge } from '../steps/judge.js';
import type { RunParts } from './parts.js';
import { contextOf, storedPlan } from './stored-run.js';

const formats = { json: jsonReport, junit: junitReport, html: htmlReport } as const;

/**
 * Judges what is stored of a run that has ended. Throws `RUN_GOES_ON`, `RUN_UNPLANNED`, `INVALID_ARGUMENT`,
 * `RULES_INVALID`, and what reading throws.
 */
export async function reportOf(
  run: { readonly entry: RunEntry; readonly parts: RunParts; readonly bus: Bus; readonly now: () => number },
  asked: { readonly format: string; readonly rulesJson: string },
  signal: AbortSignal,
): Promise<string> {
  const { entry, parts, bus } = run;
  const write = formatOf(asked.format);
  if (entry.endedAtMs === undefined) {
    throw new PosternError('RUN_GOES_ON', `the run '${entry.run}' has not ended`, {
      hint: 'watch it with `postern runs watch`',
    });
  }
  const plan = await storedPlan(entry, parts);
  const rules = asked.rulesJson === '' ? plan.rules : readRules(rulesOf(asked.rulesJson), plan.rules);
  const { startedAtMs, endedAtMs } = entry;
  const judgement = await judge(
    { run: entry.run, bus, parts },
    { signal, trouble: () => {} },
    { plan, context: contextOf(entry), startedAtMs, endedAtMs },
    rules,
  );
  return write(judgement);
}

function formatOf(name: string): (typeof formats)[keyof typeof formats] {
  const found = Object.entries(formats).find(([format]) => format === (name === '' ? 'json' : name));
  if (found !== undefined) return found[1];
  throw new PosternError('INVALID_ARGUMENT', `format: there is ${Object.keys(formats).join(', ')}`);
}

function rulesOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new PosternError('INVALID_ARGUMENT', 'rules_json: it is no JSON');
  }
}
