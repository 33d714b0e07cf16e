import type { Interval } from '../../judging/judgement.js';
import { instant, offset, span } from '../amounts.js';
import { el, facts, section, table } from './dom.js';
import type { Model } from './model.js';

/** Every fault as it was planned and as it was. */
export function faultsPart({ judgement }: Model): HTMLElement {
  const { startedAtMs } = judgement.facts;
  const at = (ms: number | undefined): string => (ms === undefined ? 'never' : offset(ms - startedAtMs));
  const rows = judgement.faults.map((fault) => [
    fault.fault,
    fault.node,
    fault.kind,
    `${at(fault.plannedFromMs)} for ${span(fault.plannedToMs - fault.plannedFromMs)}`,
    at(fault.injectedAtMs),
    at(fault.healedAtMs),
    fault.by ?? '',
    { content: fault.proof, attributes: { class: `standing ${fault.proof}` } },
    fault.convergenceMs === undefined ? 'not seen' : span(fault.convergenceMs),
    fault.reason ?? '',
  ]);
  const heads = [
    'fault',
    'node',
    'kind',
    'planned',
    'injected',
    'healed',
    'by',
    'proof',
    'convergence',
    'reason',
  ];
  const content =
    rows.length === 0
      ? el('p', {}, 'No faults were planned.')
      : table('Times from the beginning of the run', heads, rows);
  return section('faults', 'Faults', content);
}

/** When each node was out of sight, or its daemon away. */
export function blindPart({ judgement }: Model): HTMLElement {
  const { startedAtMs, endedAtMs } = judgement.facts;
  const text = ({ fromMs, toMs }: Interval): string =>
    `${offset(fromMs - startedAtMs)} to ${toMs === undefined ? 'the end' : offset(toMs - startedAtMs)}`;
  const rows = judgement.plan.nodes.flatMap((node) =>
    (['hub', 'daemon'] as const).flatMap((what) => {
      const own = judgement.intervals.filter((one) => one.node === node && one.what === what);
      if (own.length === 0) return [];
      const total = own.reduce((sum, { fromMs, toMs }) => sum + (toMs ?? endedAtMs) - fromMs, 0);
      return [
        [node, what === 'hub' ? 'not seen by the hub' : 'daemon away', span(total), own.map(text).join('; ')],
      ];
    }),
  );
  const content =
    rows.length === 0
      ? el('p', {}, 'Every node was in sight all the time.')
      : table(
          'What was not seen was read afterwards from the journals of the nodes',
          ['node', 'what', 'in all', 'when'],
          rows,
          [2],
        );
  return section('blind', 'Blind intervals', content);
}

/** What it takes to make the same run again, and to trust its clocks. */
export function provenancePart({ judgement }: Model): HTMLElement {
  const { plan, facts: known, rules } = judgement;
  const clocks = Object.entries(known.clocks).map(([node, { offsetMs, errorMs }]) => [
    node,
    span(offsetMs),
    `± ${span(errorMs)}`,
  ]);
  const versions = Object.entries(known.versions).map(([name, version]) => [name, version]);
  const limits = Object.entries(rules).map(([name, value]): [string, string] => [name, String(value)]);
  const tests = plan.tests.map((test) => [
    test.test,
    test.name,
    test.group,
    test.phase,
    test.workload.type === 'call' ? `call ${test.workload.method}` : test.workload.type,
    String(test.size),
    span(test.intervalMs),
    String(test.amount),
    span(test.afterMs),
    String(test.senders.length),
  ]);
  return section(
    'provenance',
    'Plan and provenance',
    facts([
      ['run', judgement.run],
      ['scenario', plan.scenario],
      ['seed', el('code', {}, plan.seed)],
      ['plan', el('code', {}, plan.hash)],
      ['began', instant(known.startedAtMs)],
      ['ended', instant(known.endedAtMs)],
      ['settle time', span(plan.settleMs)],
      ['records', `${judgement.records} of ${judgement.journals} journals`],
    ]),
    el('h3', {}, 'Rules'),
    facts(limits),
    el('h3', {}, 'Planned tests'),
    table(
      'Sizes in bytes',
      ['test', 'name', 'group', 'phase', 'workload', 'size', 'interval', 'amount', 'after', 'senders'],
      tests,
      [5, 6, 7, 8, 9],
    ),
    el('h3', {}, 'Clocks'),
    table("Controller's time is the node's time and this", ['node', 'offset', 'error'], clocks, [1, 2]),
    el('h3', {}, 'Versions'),
    table('Programs that took part', ['name', 'version'], versions),
  );
}
