import type { Plan } from '../../controller/plan/plan.js';
import { durationText } from '../../controller/scenario/quantities.js';
import { shapeWords } from '../../fault-words.js';
import { formatList, type RecordView } from '../records.js';
import type { Style } from '../style.js';
import type { CheckedScenario } from './checked-scenario.js';

/** How scenarios are listed for programs. */
export const scenarioView: RecordView<CheckedScenario> = {
  root: 'scenarios',
  element: 'scenario',
  columns: [],
  name: ({ scenario }) => scenario.name,
  json: ({ file, scenario, plan, seedDrawn, durationMs, standIns }) => ({
    file,
    name: scenario.name,
    form: scenario.form,
    provider: scenario.provider,
    seed: plan.seed,
    seedDrawn,
    durationMs,
    nodesByLabels: [...standIns],
    warnings: scenario.warnings.map((warning) => ({ ...warning })),
    plan: JSON.parse(JSON.stringify(plan)),
  }),
};

/** Something that a plan has happen. */
interface Happening {
  readonly phase: string;
  readonly atMs: number;
  readonly forMs: number;
  readonly what: string;
  readonly nodes: readonly string[];
  readonly how: string;
}

const happeningView: RecordView<Happening> = {
  root: 'plan',
  element: 'step',
  columns: [
    { title: 'PHASE', text: ({ phase }) => phase },
    { title: 'AT', text: ({ atMs }) => durationText(atMs) },
    { title: 'FOR', text: ({ forMs }) => durationText(forMs) },
    { title: 'WHAT', text: ({ what }) => what },
    { title: 'NODES', text: ({ nodes }) => fewOf(nodes) },
    { title: 'HOW', text: ({ how }) => how || '-' },
  ],
  name: ({ what }) => what,
  json: ({ phase, atMs, forMs, what, nodes, how }) => ({ phase, atMs, forMs, what, nodes: [...nodes], how }),
};

/** A scenario and its plan, for people. */
export function planText(checked: CheckedScenario, style: Style): string {
  const { file, scenario, plan, durationMs, seedDrawn, standIns } = checked;
  const facts = [
    `${count(plan.nodes.length, 'node')} (${scenario.provider})`,
    count(plan.groups.length, 'group'),
    count(plan.faults.length, 'fault'),
    `about ${durationText(Math.ceil(durationMs / 1000) * 1000)}`,
  ];
  const seed = seedDrawn
    ? `seed ${plan.seed}, drawn: --seed ${plan.seed} gives this plan again`
    : `seed ${plan.seed}`;
  const labels =
    standIns.length === 0 ? '' : `labels decide ${standIns.join(', ')}: it is planned with few\n`;
  return `${style.bold(`${file}: ${scenario.name}`)}, ${facts.join(', ')}\n${seed}; plan ${plan.hash}\n${labels}${formatList('table', happeningView, happenings(plan))}`;
}

function happenings(plan: Plan): Happening[] {
  const sends = plan.tests.map(
    ({ phase, afterMs, amount, intervalMs, group, name, workload, senders, size }) => ({
      phase,
      atMs: afterMs,
      forMs: (amount - 1) * intervalMs,
      what: `${group}.${name}`,
      nodes: senders,
      how: `${amount} ${workload.type === 'call' ? `calls of ${workload.method}` : `${workload.type} messages`} each, one every ${durationText(intervalMs)}, ${size} bytes`,
    }),
  );
  return [...sends, ...faultLines(plan.faults)].toSorted(
    (a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase) || a.atMs - b.atMs,
  );
}

/** In the order of a run; faults of the draining are timed as those of the running are. */
const phases: readonly string[] = ['joining', 'control', 'main', 'draining'];

/** What hits several nodes alike is one line; a partition, in which each does its own part, too. */
function faultLines(faults: Plan['faults']): Happening[] {
  const lines = new Map<string, Happening & { readonly hows: Set<string> }>();
  for (const { kind, node, during, atMs, forMs, shape } of faults) {
    const how = shapeWords(kind, shape).join(', ');
    const phase = during === 'running' ? 'main' : during;
    const key = `${kind} ${phase} ${atMs} ${forMs} ${kind === 'partition' ? '' : how}`;
    const line = lines.get(key) ?? { phase, atMs, forMs, what: kind, nodes: [], how: '', hows: new Set() };
    line.hows.add(kind === 'partition' && how !== '' ? `${node}: ${how}` : how);
    lines.set(key, { ...line, nodes: [...line.nodes, node] });
  }
  return [...lines.values()].map(({ hows, ...line }) => ({ ...line, how: fewHows([...hows]) }));
}

/** At most four. */
function fewHows(hows: readonly string[]): string {
  const shown = hows.filter((how) => how !== '');
  const more = shown.length > 4 ? [`and ${shown.length - 3} more`] : [];
  return [...(more.length === 0 ? shown : shown.slice(0, 3)), ...more].join('; ');
}

/** At most four names. */
function fewOf(names: readonly string[]): string {
  return names.length <= 4 ? names.join(',') : `${names.slice(0, 3).join(',')},… (${names.length})`;
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
