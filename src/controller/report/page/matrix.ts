import type { Pair, TestJudgement, Trouble } from '../../judging/judgement.js';
import { many, span } from '../amounts.js';
import { countColumns } from '../columns.js';
import { remarkOn } from '../standing.js';
import { button, el, facts, section } from './dom.js';
import { walkable } from './grid-keys.js';
import { hashOf, keyOf, type Model } from './model.js';

/** Beyond so many receivers a field shows a letter instead of a word. */
const wordsUpTo = 8;
/** At most so many messages are listed with a pair; the list below has them all. */
const mostLinks = 40;

const letters: Readonly<Record<Trouble, string>> = {
  lost: 'L',
  vanished: 'V',
  corrupt: 'C',
  unexpected: 'X',
  unknown: '?',
  duplicated: 'D',
  late: 'T',
  reordered: 'R',
  recovered: '+',
};

/** Who sent to whom, and what came of it; a field opens what is known of its pair. */
export function matrixPart(
  model: Model,
  showInList: (sender: string, receiver?: string) => void,
): HTMLElement {
  const place = el('div', { class: 'wide' });
  const detail = el('div', { id: 'pair', 'aria-live': 'polite' });
  const part = section('matrix', 'Sender to receiver', place, detail);
  const draw = (): void => {
    const test = model.test(model.now.test);
    if (test === undefined) place.replaceChildren('No test was run.');
    else place.replaceChildren(grid(model, test), legend(test));
  };
  const drawPair = (): void => {
    const { test, pair } = model.now;
    const found = model
      .test(test)
      ?.pairs.find(({ sender, receiver }) => sender === pair?.sender && receiver === pair.receiver);
    detail.replaceChildren(...(found === undefined ? [] : pairDetail(model, found, showInList)));
    for (const cell of place.querySelectorAll('button')) {
      const chosen = cell.dataset.sender === pair?.sender && cell.dataset.receiver === (pair?.receiver ?? '');
      cell.setAttribute('aria-pressed', String(pair !== undefined && chosen));
    }
  };
  model.watch((now, before) => {
    if (now.test !== before.test) draw();
    if (now.test !== before.test || now.pair !== before.pair) drawPair();
  });
  draw();
  return part;
}

function grid(model: Model, test: TestJudgement): HTMLElement {
  const { nodes } = model.judgement.plan;
  // Who is no node of the plan, and turned up nevertheless, comes last.
  const order = (name = ''): number => (nodes.includes(name) ? nodes.indexOf(name) : nodes.length);
  const inOrder = <T extends string | undefined>(names: readonly T[]): T[] =>
    [...new Set(names)].sort((a, b) => order(a) - order(b));
  const senders = inOrder(test.pairs.map(({ sender }) => sender));
  const receivers = inOrder(test.pairs.map(({ receiver }) => receiver));
  const words = receivers.length <= wordsUpTo;
  const pairs = new Map(test.pairs.map((pair) => [JSON.stringify([pair.sender, pair.receiver]), pair]));
  const cells = senders.map((sender) =>
    receivers.map((receiver) => {
      const pair = pairs.get(JSON.stringify([sender, receiver]));
      return pair === undefined ? undefined : cellOf(model, pair, words);
    }),
  );
  const made = el(
    'table',
    { class: words ? 'matrix' : 'matrix dense' },
    el('caption', {}, `${test.name} (${test.test}): rows send, columns receive`),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('td'),
        ...receivers.map((name) => el('th', { scope: 'col' }, el('span', {}, name ?? 'calls'))),
      ),
    ),
    el(
      'tbody',
      {},
      ...senders.map((sender, i) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, sender),
          ...(cells[i] ?? []).map((cell) => el('td', {}, cell ?? '–')),
        ),
      ),
    ),
  );
  walkable(made, cells);
  return made;
}

function cellOf(model: Model, pair: Pair, words: boolean): HTMLButtonElement {
  const { counts, sender, receiver } = pair;
  const { standing, trouble, count } = remarkOn(counts, model.judgement.rules);
  const worst = trouble === undefined ? '' : `, ${count} ${trouble}`;
  const outcome =
    receiver === undefined
      ? `${sender}: ${counts.ok} of ${counts.scheduled} calls went well`
      : `${sender} to ${receiver}: ${counts.delivered} of ${counts.expected} delivered`;
  const good = String(receiver === undefined ? counts.ok : counts.delivered);
  const marked = trouble === undefined ? good : words ? `${count} ${trouble}` : `${letters[trouble]}${count}`;
  return button(
    marked,
    () => model.choose({ pair: { sender, ...(receiver === undefined ? {} : { receiver }) } }),
    {
      class: `standing ${standing}`,
      title: outcome + worst,
      'aria-label': outcome + worst,
      'aria-pressed': 'false',
      'data-sender': sender,
      'data-receiver': receiver ?? '',
    },
  );
}

function legend(test: TestJudgement): HTMLElement {
  const isDense = new Set(test.pairs.map(({ receiver }) => receiver)).size > wordsUpTo;
  const seen = Object.entries(letters).filter(([trouble]) =>
    countColumns.some(({ key }) => key === trouble && test.totals[key] > 0),
  );
  const meanings = isDense ? seen.map(([trouble, letter]) => `${letter}: ${trouble}`) : [];
  return el('p', { class: 'note' }, ['a number alone: delivered', ...meanings].join(', '));
}

function pairDetail(
  model: Model,
  pair: Pair,
  showInList: (sender: string, receiver?: string) => void,
): readonly HTMLElement[] {
  const { sender, receiver, counts, latency } = pair;
  const own = model.judgement.messages.filter(
    (message) =>
      message.test === model.now.test &&
      message.sender === sender &&
      message.troubles.some((trouble) => trouble.receiver === undefined || trouble.receiver === receiver),
  );
  const links = own.slice(0, mostLinks).map((message) => {
    const names = message.troubles.map(({ trouble }) => trouble);
    const text = `#${message.seq} ${[...new Set(names)].join(', ')}`;
    return el('li', {}, el('a', { href: hashOf(keyOf(message)) }, text));
  });
  return [
    el('h3', {}, receiver === undefined ? `Calls of ${sender}` : `${sender} to ${receiver}`),
    facts([
      ...countColumns
        .filter(({ key }) => counts[key] > 0 || ['expected', 'delivered', 'lost'].includes(key))
        .map(({ key, title }): [string, string] => [title, String(counts[key])]),
      ...(latency === undefined
        ? []
        : [
            [
              'latency',
              `p50 ${span(latency.p50)}, p95 ${span(latency.p95)}, max ${span(latency.max)}`,
            ] as const,
          ]),
    ]),
    own.length === 0
      ? el('p', {}, 'Nothing is wrong with any of its messages.')
      : el('ul', { class: 'links', 'aria-label': 'Its troubled messages' }, ...links),
    el(
      'p',
      {},
      button(`Show ${many(own.length, 'troubled message')} in the list`, () => showInList(sender, receiver)),
      ' ',
      button('Close', () => model.choose({ pair: undefined })),
    ),
  ];
}
