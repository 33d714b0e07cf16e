import { instant, many, share, span } from '../amounts.js';
import { countColumns } from '../columns.js';
import { troubles } from '../standing.js';
import { el, section, table } from './dom.js';
import type { Model } from './model.js';

/** The verdict, why, and the sums of it all. */
export function verdictPart({ judgement }: Model): HTMLElement {
  const { facts, plan, totals } = judgement;
  const took = span(facts.endedAtMs - facts.startedAtMs);
  return el(
    'header',
    { class: `verdict ${judgement.verdict}` },
    el('p', { class: 'badge', id: 'verdict' }, judgement.verdict.toUpperCase()),
    el('h1', {}, plan.scenario),
    el(
      'p',
      {},
      `Run ${judgement.run}, ${instant(facts.startedAtMs)}, ${took}, ${many(plan.nodes.length, 'node')}`,
    ),
    facts.aborted === undefined
      ? undefined
      : el('p', {}, `Ended by ${facts.aborted.by} before its time: ${facts.aborted.reason}`),
    facts.stuck === undefined
      ? undefined
      : el('p', {}, `Stuck at the step ${facts.stuck.step}: ${facts.stuck.message}`),
    whyPart(judgement.reasons),
    el(
      'ul',
      { class: 'sums', 'aria-label': 'Sums of all tests' },
      sum('owed', totals.expected),
      sum('delivered', totals.delivered),
      ...troubles
        .filter((trouble) => totals[trouble] > 0 || trouble === 'lost')
        .map((trouble) => sum(trouble, totals[trouble])),
      totals.expected === 0
        ? undefined
        : el('li', {}, el('strong', {}, share(totals.delivered / totals.expected)), ' of what was owed'),
    ),
  );
}

function whyPart(reasons: Model['judgement']['reasons']): HTMLElement {
  if (reasons.length === 0) return el('p', { id: 'why' }, 'Nothing spoke against it.');
  return el(
    'ul',
    { id: 'why', class: 'why' },
    ...reasons.map(({ verdict, code, text }) =>
      el('li', {}, el('span', { class: `tag ${verdict}` }, code), ' ', text),
    ),
  );
}

function sum(name: string, value: number): HTMLElement {
  const meaning = countColumns.find(({ key }) => key === name)?.meaning;
  return el('li', { title: meaning }, el('strong', {}, String(value)), ` ${name}`);
}

/** All tests with their counts; choosing one shows it below. */
export function testsPart(model: Model): HTMLElement {
  const { judgement } = model;
  const shown = countColumns.filter(
    ({ key }) =>
      ['expected', 'delivered', 'lost'].includes(key) ||
      judgement.tests.some(({ totals }) => totals[key] > 0),
  );
  const buttons = new Map<string, HTMLButtonElement>();
  const rows = judgement.tests.map((test) => {
    const chooser = el('button', { type: 'button', class: 'link' }, `${test.name} (${test.test})`);
    chooser.addEventListener('click', () => model.choose({ test: test.test, pair: undefined }));
    buttons.set(test.test, chooser);
    const { latency, stable, slip, availability, due } = test;
    return [
      chooser,
      test.group,
      test.phase,
      { content: test.verdict, attributes: { class: `standing ${test.verdict}` } },
      ...shown.map(({ key }) => String(test.totals[key])),
      ...[latency?.p50, latency?.p95, latency?.p99, latency?.max, stable?.p95, stable?.max, slip?.p99].map(
        (ms) => (ms === undefined ? '' : span(ms)),
      ),
      due?.calm === 0 ? '' : share(availability.calm),
      due?.disturbed === 0 ? '' : share(availability.disturbed),
    ];
  });
  const measures = [
    { title: 'p50', meaning: 'Half of the deliveries took no longer than this.' },
    { title: 'p95', meaning: '95 % of the deliveries took no longer than this.' },
    { title: 'p99', meaning: '99 % of the deliveries took no longer than this.' },
    { title: 'max', meaning: 'The slowest delivery.' },
    { title: 'stable p95', meaning: 'Until the last receiver had it, for 95 % of the messages.' },
    { title: 'stable max', meaning: 'Until the last receiver had it, at worst.' },
    { title: 'slip p99', meaning: 'How late 99 % of the sends were at most, by the schedule.' },
    { title: 'sent calm', meaning: 'Sends that went well while no fault was on at the sender.' },
    { title: 'sent disturbed', meaning: 'Sends that went well while a fault was on at the sender.' },
  ];
  const heads = ['test', 'group', 'phase', 'verdict', ...shown, ...measures];
  const mark = (): void => {
    for (const [name, chooser] of buttons)
      chooser.setAttribute('aria-pressed', String(name === model.now.test));
  };
  model.watch(mark);
  mark();
  const numbers = heads.map((_, i) => i).slice(4);
  return section('tests', 'Tests', table('Choose a test to see it in matrix and plot', heads, rows, numbers));
}
