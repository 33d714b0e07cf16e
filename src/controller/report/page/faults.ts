import type { BlindCause, FaultJudgement, Interval, Judgement } from '../../judging/judgement.js';
import { offset, span } from '../amounts.js';
import { convergenceText, kindText, sightTexts } from '../fault-texts.js';
import { el, section, table } from './dom.js';
import type { Model } from './model.js';

/** Every fault as it was planned and as it was. */
export function faultsPart({ judgement }: Model): HTMLElement {
  const { startedAtMs } = judgement.facts;
  const at = (ms: number | undefined): string => (ms === undefined ? 'never' : offset(ms - startedAtMs));
  const rows = judgement.faults.map((fault) => [
    fault.fault,
    fault.node,
    kindText(judgement, fault),
    `${at(fault.plannedFromMs)} for ${span(fault.plannedToMs - fault.plannedFromMs)}`,
    at(fault.injectedAtMs),
    at(fault.healedAtMs),
    fault.by ?? '',
    { content: fault.proof, attributes: { class: `standing ${fault.proof}` } },
    convergenceText(fault),
    fault.reason ?? '',
    sightsOf(fault),
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
    'what canaries saw',
  ];
  const content =
    rows.length === 0
      ? el('p', {}, 'No faults were planned.')
      : table('Times from the beginning of the run', heads, rows);
  return section('faults', 'Faults', content);
}

/** A line for each way that was looked at. */
function sightsOf(fault: FaultJudgement): HTMLElement | string {
  const texts = sightTexts(fault);
  return texts.length === 0 ? '' : el('ul', { class: 'sights' }, ...texts.map((text) => el('li', {}, text)));
}

/** When each node was out of sight, or its daemon away. */
export function blindPart({ judgement }: Model): HTMLElement {
  const { startedAtMs, endedAtMs } = judgement.facts;
  const text = ({ fromMs, toMs }: Interval): string =>
    `${offset(fromMs - startedAtMs)} to ${toMs === undefined ? 'the end' : offset(toMs - startedAtMs)}`;
  const rows = judgement.plan.nodes.flatMap((node) => [
    ...blindRows(judgement, node),
    ...(['hub', 'daemon'] as const).flatMap((what) => {
      const own = judgement.intervals.filter((one) => one.node === node && one.what === what);
      if (own.length === 0) return [];
      const total = own.reduce((sum, { fromMs, toMs }) => sum + (toMs ?? endedAtMs) - fromMs, 0);
      return [
        [node, what === 'hub' ? 'not seen by the hub' : 'daemon away', span(total), own.map(text).join('; ')],
      ];
    }),
  ]);
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

/** When nobody could know of the node, by all that tells of it. */
function blindRows({ blind = [], facts: { startedAtMs } }: Judgement, node: string): string[][] {
  const own = blind.find((one) => one.node === node);
  if (own === undefined) return [];
  const { ms, longestMs, neverMs, times, spans } = own;
  const told = spans.map(
    ({ fromMs, toMs, causes }) =>
      `${offset(fromMs - startedAtMs)} to ${offset(toMs - startedAtMs)} (${causes.map((cause) => causeTexts[cause]).join(', ')})`,
  );
  const more = times - spans.length;
  const never = neverMs === 0 ? '' : `, of it ${span(neverMs)} for ever`;
  return [
    [
      node,
      'nobody could know of it',
      `${span(ms)}, at most ${span(longestMs)} at once${never}`,
      [...told, ...(more > 0 ? [`${more} more`] : [])].join('; '),
    ],
  ];
}

const causeTexts: Readonly<Record<BlindCause, string>> = {
  hub: 'by its own word',
  fault: 'a fault cut it off',
  records: 'no record tells of it',
};
