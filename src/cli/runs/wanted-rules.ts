import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Rules } from '../../controller/judging/rules.js';
import { type Mistake, pathText } from '../../controller/scenario/mistake.js';
import { scenarioSchema } from '../../controller/scenario/schema.js';
import { schemaMistakes, unknownKey } from '../../controller/scenario/schema-mistakes.js';
import { yamlValues } from '../../controller/scenario/yaml-values.js';
import { errorText, PosternError } from '../../errors.js';
import type { Invocation } from '../invocation.js';

/** Rules as a scenario has them; what is absent is as in the scenario of the run. */
const rulesSchema = scenarioSchema.pick({ allow: true, late_after: true, convergence: true });
const keys: readonly string[] = Object.keys(rulesSchema.shape);

/** Some of the rules. */
export type SomeRules = Partial<Rules>;

/** The options that say rules, and where each stands in a scenario. */
const options = [
  { name: 'lost', path: ['allow', 'lost'] },
  { name: 'duplicated', path: ['allow', 'duplicated'] },
  { name: 'reordered', path: ['allow', 'reordered'] },
  { name: 'late', path: ['allow', 'late'] },
  { name: 'late-after', path: ['late_after'] },
  { name: 'convergence', path: ['convergence'] },
] as const;

/** The rules that were asked for, by file and by options, which win. Throws `RULES_INVALID` (exit status 2) with every mistake. */
export async function wantedRules({ options: given }: Invocation): Promise<SomeRules> {
  const file = given.text('rules');
  const fromFile = file === undefined ? {} : readRulesText(await textOf(file), file);
  const said = options.flatMap(({ name, path }) => {
    const text = given.text(name);
    return text === undefined ? [] : [{ name, path, text }];
  });
  const mistakes: string[] = [];
  let rules: SomeRules = fromFile;
  for (const { name, path, text } of said) {
    const value = /^\d+$/.test(text) ? Number(text) : text;
    const [first, second] = path;
    const read = rulesSchema.safeParse({ [first]: second === undefined ? value : { [second]: value } });
    if (read.success) rules = { ...rules, ...rulesOf(read.data) };
    else mistakes.push(`--${name}: ${read.error.issues[0]?.message ?? text}`);
  }
  if (mistakes.length > 0) throw invalid(mistakes);
  return rules;
}

/** Reads rules from YAML or JSON. Throws `RULES_INVALID` (exit status 2) with every mistake and its place. */
export function readRulesText(text: string, file: string): SomeRules {
  const yaml = yamlValues(text);
  if (yaml.broken.length > 0) throw invalid(yaml.broken.map((one) => `${file}:${one.place}: ${one.text}`));
  const { value } = yaml;
  if (!z.record(z.string(), z.unknown()).safeParse(value).success) {
    throw invalid([`${file}: rules are a map of ${keys.join(', ')}, as in a scenario`]);
  }
  const read = rulesSchema.safeParse(value);
  if (read.success) return rulesOf(read.data);
  const mistakes = read.error.issues.flatMap((issue): Mistake[] =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0
      ? issue.keys.map((key) => ({ path: [key], text: unknownKey(key, keys) }))
      : schemaMistakes([issue], value),
  );
  throw invalid(
    mistakes.map(({ path, text: what }) => `${file}:${yaml.place(path)}: ${pathText(path)}: ${what}`),
  );
}

function rulesOf({ allow, late_after, convergence }: z.output<typeof rulesSchema>): SomeRules {
  return {
    ...(allow.lost === undefined ? {} : { lost: allow.lost }),
    ...(allow.duplicated === undefined ? {} : { duplicated: allow.duplicated }),
    ...(allow.reordered === undefined ? {} : { reordered: allow.reordered }),
    ...(allow.late === undefined ? {} : { late: allow.late }),
    ...(late_after === undefined ? {} : { lateAfterMs: late_after }),
    ...(convergence === undefined ? {} : { convergenceMs: convergence }),
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    throw invalid([`cannot read ${file}: ${errorText(thrown)}`]);
  }
}

function invalid(mistakes: readonly string[]): PosternError {
  return new PosternError('RULES_INVALID', mistakes.join('\n'), {
    hint: 'write them as a scenario does: docs/scenarios.md',
    exitCode: 2,
  });
}
