import { instant, span } from '../amounts.js';
import { el, facts, section, table } from './dom.js';
import type { Model } from './model.js';

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
      ...(plan.replays === undefined ? [] : [['replays', plan.replays] satisfies [string, string]]),
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
