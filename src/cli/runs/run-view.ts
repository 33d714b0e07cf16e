import type { JsonValue } from '@bufbuild/protobuf';
import { instant, span } from '../../controller/report/amounts.js';
import { printable } from '../../controller/report/terminal-text.js';
import type { Run } from '../../gen/postern/v1/runs.js';
import { ago } from '../../hub/ago.js';
import type { RecordView } from '../records.js';
import type { Style } from '../style.js';
import { clockText } from './run-words.js';

/** How `postern runs ls` prints a run. `now`: Unix time in milliseconds. */
export function runListView(style: Style, now: () => number): RecordView<Run> {
  return {
    root: 'runs',
    element: 'run',
    name: ({ run }) => run,
    json: runJson,
    columns: [
      { title: 'RUN', text: ({ run }) => run, paint: (padded) => style.bold(padded) },
      { title: 'SCENARIO', text: ({ scenario }) => printable(scenario) || '-' },
      { title: 'STATE', text: ({ state }) => state },
      {
        title: 'VERDICT',
        text: ({ verdict }) => verdict || '-',
        paint: (padded, { verdict }) => painted(style, verdict, padded),
      },
      { title: 'STARTED', text: ({ startedAtMs }) => ago(startedAtMs, now()) },
      { title: 'TOOK', text: (run) => tookText(run, now()) },
    ],
  };
}

/** The run with the field names of its message, everything shown. */
export function runJson(run: Run): JsonValue {
  return { ...run, phases: run.phases.map((phase) => ({ ...phase })) };
}

/** A run with all that is known of it, for people. */
export function runText(run: Run, style: Style, nowMs: number): string {
  const facts: [string, string][] = [
    ['scenario', printable(run.scenario) || '-'],
    ['state', run.state],
    ['verdict', run.verdict === '' ? '-' : painted(style, run.verdict, run.verdict)],
    ['started', `${instant(run.startedAtMs)} by ${printable(run.startedBy)}`],
    ['took', tookText(run, nowMs)],
    ['seed', run.seed === '' ? '-' : printable(run.seed)],
    ['plan', run.planHash || '-'],
    ...(run.replays === '' ? [] : [['replays', printable(run.replays)] satisfies [string, string]]),
    [
      'controller',
      `${run.controller}${run.term > 1 ? `, taken over from others, ${run.term - 1} so far` : ''}`,
    ],
    ['nodes', run.nodes.length === 0 ? '-' : `${run.nodes.length}: ${run.nodes.join(', ')}`],
  ];
  const times = run.phases.map(({ state, sinceMs }, i) => {
    const next = run.phases[i + 1]?.sinceMs ?? (run.endedAtMs > 0 ? undefined : nowMs);
    const lasted = next === undefined ? '' : `  ${span(Math.max(0, next - sinceMs))}`;
    return `  ${clockText(sinceMs - run.startedAtMs).padStart(7)}  ${lasted === '' ? state : state.padEnd(17) + lasted}`;
  });
  const lines = [
    style.bold(run.run),
    ...facts.map(([name, value]) => `  ${name.padEnd(10)}  ${value}`),
    ...section('why', run.reasons),
    ...section('warnings', run.warnings),
    'phases',
    ...times,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function section(title: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [title, ...texts.map((text) => `  ${printable(text)}`)];
}

/** `PASS`, `FAIL`, `UNKNOWN`; a run that somebody ended, or that could not be run, in its own words. */
export function verdictText({ state, verdict }: Run, style: Style): string {
  const word = state === 'refused' ? 'REFUSED' : (verdict || 'unknown').toUpperCase();
  return style.bold(painted(style, state === 'refused' ? 'fail' : verdict || 'unknown', word));
}

function painted(style: Style, verdict: string, text: string): string {
  if (verdict === 'pass') return style.green(text);
  if (verdict === 'fail') return style.red(text);
  return verdict === 'unknown' ? style.yellow(text) : text;
}

function tookText({ startedAtMs, endedAtMs }: Run, nowMs: number): string {
  return endedAtMs > 0 ? span(endedAtMs - startedAtMs) : `${span(Math.max(0, nowMs - startedAtMs))} so far`;
}
