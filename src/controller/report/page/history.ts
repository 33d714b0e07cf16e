import type { FaultJudgement, Interval, Layer, TroubledMessage } from '../../judging/judgement.js';
import { instant, offset, span } from '../amounts.js';
import { layerTitle } from '../layers.js';
import { button, el, section, table } from './dom.js';
import { MessageList, tag } from './messages.js';
import type { Model } from './model.js';

/** One row of a history. */
interface Row {
  readonly atMs: number;
  readonly node: string;
  readonly what: string;
  readonly detail: string;
  /** Something that befell a node, not the message. */
  readonly about?: 'fault' | 'blind';
}

const meanings: Readonly<Record<string, string>> = {
  due: 'was to be sent',
  intent: 'about to be sent',
  sent: 'handed to the daemon',
  ok: 'acknowledged by the daemon',
  fail: 'refused by the daemon',
  info: 'no answer: outcome unknown',
  unknown: 'nobody can tell',
  skipped: 'never tried: the schedule had gone on',
  live: 'received',
  replay: 'received again while catching up',
  final: 'in the final reading',
  absent: 'not in the complete final reading',
};

/** The list of troubled messages, and beside it the whole history of the one that is chosen. */
export function messagesPart(model: Model): { readonly element: HTMLElement; readonly list: MessageList } {
  const list = new MessageList(model);
  const place = el('div', {
    id: 'history',
    tabindex: -1,
    role: 'region',
    'aria-label': 'History of a message',
  });
  const draw = (): void => {
    const message = model.now.message === undefined ? undefined : model.messages.get(model.now.message);
    if (message !== undefined) place.replaceChildren(...historyOf(model, message));
    else if (model.now.message !== undefined)
      place.replaceChildren(el('p', {}, 'This report has no such message.'));
    else
      place.replaceChildren(el('p', { class: 'note' }, 'Choose a message to see all that happened to it.'));
  };
  model.watch((now, before) => {
    if (now.message === before.message) return;
    draw();
    if (now.message === undefined) return;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: 'nearest' });
  });
  draw();
  const element = section(
    'messages',
    'Troubled messages',
    el('div', { class: 'split' }, list.element, place),
  );
  return { element, list };
}

function historyOf(model: Model, message: TroubledMessage): readonly HTMLElement[] {
  const { startedAtMs } = model.judgement.facts;
  const rows = rowsOf(model, message);
  const outcomes = message.troubles.map(({ trouble, receiver, layer }) =>
    el('li', {}, tag(trouble), receiver === undefined ? '' : ` at ${receiver}`, stayedText(layer)),
  );
  return [
    el('h3', {}, `${message.test} #${message.seq} of ${message.sender}`),
    el('ul', { class: 'links', 'aria-label': 'What is wrong with it' }, ...outcomes),
    table(
      'Its history, and what befell the nodes it was on its way between',
      ['when', 'node', 'what', 'detail'],
      rows.map((row) => {
        const attributes = row.about === undefined ? {} : { class: row.about };
        return [
          { content: el('time', { title: instant(row.atMs) }, offset(row.atMs - startedAtMs)), attributes },
          { content: row.node, attributes },
          { content: row.what, attributes: { ...attributes, title: meanings[row.what] } },
          { content: row.detail, attributes },
        ];
      }),
    ),
    el(
      'p',
      { class: 'controls' },
      button('Show it in the diagram', () => document.getElementById('space-time')?.scrollIntoView()),
      button('Close', () => {
        location.hash = '#messages';
      }),
    ),
  ];
}

/** Where it stayed. */
function stayedText(layer: Layer | undefined): string {
  return layer === undefined ? '' : `: ${layerTitle(layer)}`;
}

/** What happened to the message, and what faults and blind intervals its nodes had meanwhile, in order. */
function rowsOf(model: Model, message: TroubledMessage): Row[] {
  const { faults, intervals, facts } = model.judgement;
  const concerned = new Set([message.sender, ...message.troubles.flatMap(({ receiver }) => receiver ?? [])]);
  const first = message.history[0]?.atMs ?? facts.startedAtMs;
  const last = message.history.at(-1)?.atMs ?? facts.endedAtMs;
  const meanwhile = (from: number, to: number): boolean => to >= first && from <= last;
  const rows: Row[] = message.history.map(({ atMs, node, what, detail }) => ({
    atMs,
    node,
    what,
    detail: detail ?? meanings[what] ?? '',
  }));
  for (const fault of faults) {
    const from = fault.injectedAtMs ?? fault.plannedFromMs;
    const to = fault.healedAtMs ?? fault.plannedToMs;
    if (concerned.has(fault.node) && meanwhile(from, to)) rows.push(...ofFault(fault, from, to));
  }
  for (const interval of intervals) {
    const to = interval.toMs ?? facts.endedAtMs;
    if (concerned.has(interval.node) && meanwhile(interval.fromMs, to)) rows.push(...ofInterval(interval));
  }
  return rows.sort((a, b) => a.atMs - b.atMs);
}

function ofFault(fault: FaultJudgement, from: number, to: number): Row[] {
  const { node, kind, proof } = fault;
  const detail = `${fault.fault}, ${span(to - from)}, ${proof}`;
  return [
    { atMs: from, node, what: `${kind} begins`, detail, about: 'fault' },
    { atMs: to, node, what: `${kind} ends`, detail: fault.fault, about: 'fault' },
  ];
}

function ofInterval({ node, what, fromMs, toMs }: Interval): Row[] {
  const [gone, back] = what === 'hub' ? ['out of sight', 'in sight again'] : ['daemon away', 'daemon back'];
  return [
    { atMs: fromMs, node, what: gone, detail: '', about: 'blind' },
    ...(toMs === undefined ? [] : [{ atMs: toMs, node, what: back, detail: '', about: 'blind' as const }]),
  ];
}
