import { PosternError } from '../../errors.js';
import { defaultRules } from '../judging/rules.js';
import { assemble, checkDaemon } from './assemble.js';
import { checkFaults, type FaultChecking } from './check-faults.js';
import { checkGroups } from './check-groups.js';
import { daemonSchema } from './daemon-schema.js';
import type { Draft, Findings } from './draft.js';
import { type Mistake, pathText } from './mistake.js';
import { nameOfFile } from './names.js';
import { isOriginalForm, originalDraft } from './original-form.js';
import { originalKeys } from './original-schema.js';
import { ownDraft, soundPart } from './own-form.js';
import { shown } from './quantities.js';
import { checkNodes, Roster } from './roster.js';
import { type Provider, providers, type Scenario, type ScenarioWarning } from './scenario.js';
import { scenarioSchema, topKeys } from './schema.js';
import { schemaMistakes } from './schema-mistakes.js';
import { yamlValues } from './yaml-values.js';

/** Most mistakes of one file that are told one by one. */
const mostTold = 200;

/** What may be said beside the file. */
export interface ReadOptions {
  /** In the place of the file's. */
  readonly provider?: Provider;
  /** It was read before and run: what was not refused then is a warning. */
  readonly stored?: boolean;
}

/**
 * Reads a scenario's file, in our form or in the original's. `fileName` says in messages where the text is from, and
 * names a scenario that has no name. Throws `SCENARIO_INVALID` (exit status 2) with every mistake and its place.
 */
export function readScenario(text: string, fileName: string, options: ReadOptions = {}): Scenario {
  const yaml = yamlValues(text);
  if (yaml.broken.length > 0) {
    throw invalid(yaml.broken.map((one) => `${fileName}:${one.place}: ${one.text}`));
  }
  const told = ({ path, text: what }: Mistake): ScenarioWarning => ({
    place: `${fileName}:${yaml.place(path)}`,
    path: pathText(path),
    // Names that are none are told too: without what steers terminals.
    text: what.replace(/\p{Cc}/gu, '?'),
  });
  const findings: Findings = { mistakes: [], warnings: [] };
  const scenario = scenarioOf(yaml.value, fileName, options, findings);
  if (scenario === undefined || findings.mistakes.length > 0) {
    const mistakes = findings.mistakes.map(told).sort((a, b) => byPlace(a, b));
    throw invalid(
      mistakes.map(({ place, path, text: what }) => `${place}: ${path === '' ? '' : `${path}: `}${what}`),
    );
  }
  return { ...scenario, warnings: findings.warnings.map(told).sort((a, b) => byPlace(a, b)) };
}

function scenarioOf(
  value: unknown,
  fileName: string,
  options: ReadOptions,
  findings: Findings,
): Omit<Scenario, 'warnings'> | undefined {
  const refuse = (text: string): undefined => {
    findings.mistakes.push({ path: [], text });
    return undefined;
  };
  if (value === undefined || value === null) return refuse('the file is empty: it needs nodes and groups');
  if (typeof value !== 'object' || Array.isArray(value)) {
    return refuse(`a scenario is a map of settings such as nodes and groups, not ${shown(value)}`);
  }
  const file: Record<string, unknown> = { ...value };
  const original = isOriginalForm(file);
  if (original && refuseMixture(file, findings)) return undefined;

  // In the original's form, all settings have our defaults.
  const own: Record<string, unknown> = original ? { nodes: {}, groups: {} } : file;
  const settings = scenarioSchema.safeParse(own);
  if (!settings.success) findings.mistakes.push(...schemaMistakes(settings.error.issues, own));
  const provider = options.provider ?? providers.find((one) => one === own.provider) ?? 'connected';
  const draft = original ? originalDraft(file, provider, findings) : ownDraft(file);
  const roster = new Roster(draft.nodes);
  const clashes = options.stored === true ? findings.warnings : findings.mistakes;
  checkAll(draft, { roster, provider, clashes }, findings);
  checkDaemon(soundPart(daemonSchema, own.daemon, {}), ['daemon'], roster, findings);
  if (provider === 'connected' && own.daemon !== undefined) {
    findings.warnings.push({
      path: ['daemon'],
      text: 'is not used: with provider connected, no daemon is started',
    });
  }
  if (!settings.success || findings.mistakes.length > 0) return undefined;
  const { data } = settings;
  const { allow } = data;
  return {
    name: data.name ?? nameOfFile(fileName),
    form: original ? 'original' : 'postern',
    ...(data.seed === undefined ? {} : { seed: String(data.seed) }),
    provider,
    ...assemble(draft, roster, data.daemon ?? {}),
    control:
      data.control === false ? false : { amount: data.control.amount, intervalMs: data.control.interval },
    armMs: data.arm,
    settleMs: data.settle,
    patience: {
      gatherMs: data.patience.gather,
      groupMs: data.patience.group,
      readyMs: data.patience.ready,
      collectMs: data.patience.collect,
    },
    rules: {
      lost: allow.lost ?? defaultRules.lost,
      duplicated: allow.duplicated ?? defaultRules.duplicated,
      reordered: allow.reordered ?? defaultRules.reordered,
      late: allow.late ?? defaultRules.late,
      lateAfterMs: data.late_after ?? defaultRules.lateAfterMs,
      ...(data.convergence === undefined ? {} : { convergenceMs: data.convergence }),
    },
  };
}

/** What no schema of a single value tells. */
function checkAll(draft: Draft, checking: FaultChecking, findings: Findings): void {
  const { roster, provider } = checking;
  const broken = findings.mistakes.length > 0;
  const none = (what: string): unknown => findings.mistakes.push({ path: [], text: `it needs ${what}` });
  if (draft.nodes.length === 0 && !broken) none('a node: there is none in it');
  else if (draft.groups.length === 0 && !broken) none('a group with a test: nothing is sent in it');
  checkNodes(draft, provider, findings);
  checkGroups(draft, roster, findings);
  checkFaults(draft, checking, findings);
  for (const { path, daemon } of draft.nodes) checkDaemon(daemon, [...path, 'daemon'], roster, findings);
}

/** A file has one form; says so of each key of the other one. */
function refuseMixture(file: Readonly<Record<string, unknown>>, findings: Findings): boolean {
  const ours = Object.keys(file).filter((key) => topKeys.includes(key) && !originalKeys.includes(key));
  const theirs = Object.keys(file).filter((key) => originalKeys.includes(key));
  for (const key of ours) {
    findings.mistakes.push({
      path: [key],
      text: `belongs to postern's own form, '${theirs.join("', '")}' to the form of infra-testing-tool: a file has one of the two`,
    });
  }
  return ours.length > 0;
}

function byPlace(a: ScenarioWarning, b: ScenarioWarning): number {
  const [lineA = 0, columnA = 0] = a.place.split(':').slice(-2).map(Number);
  const [lineB = 0, columnB = 0] = b.place.split(':').slice(-2).map(Number);
  return lineA - lineB || columnA - columnB;
}

function invalid(mistakes: readonly string[]): PosternError {
  const more = mistakes.length - mostTold;
  const told = more > 0 ? [...mistakes.slice(0, mostTold), `and ${more} more`] : mistakes;
  return new PosternError('SCENARIO_INVALID', told.join('\n'), {
    hint: 'docs/scenarios.md tells what may be written',
    exitCode: 2,
  });
}
