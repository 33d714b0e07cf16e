import type { Trouble, TroubledMessage } from '../../judging/judgement.js';
import { many } from '../amounts.js';
import { troubles } from '../standing.js';
import { button, choice, el } from './dom.js';
import { hashOf, keyOf, type Model } from './model.js';

/** So many are shown at once; more come when asked for. */
const page = 200;

/** What the reader wants to see; empty: all. */
interface Filter {
  trouble: string;
  sender: string;
  receiver: string;
}

/** The messages that something is wrong with, to be filtered and chosen. */
export class MessageList {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #filter: Filter = { trouble: '', sender: '', receiver: '' };
  readonly #selects: Readonly<Record<keyof Filter, HTMLSelectElement>>;
  readonly #body = el('tbody');
  readonly #count = el('p', { class: 'note', role: 'status' });
  readonly #more = button('Show more', () => this.#show(this.#shown + page));
  readonly #links = new Map<string, HTMLAnchorElement>();
  #shown = page;

  constructor(model: Model) {
    this.#model = model;
    const { nodes } = model.judgement.plan;
    const all: [string, string] = ['', 'all'];
    const named = (names: readonly string[]): [string, string][] => [
      all,
      ...names.map((name): [string, string] => [name, name]),
    ];
    const present = troubles.filter((trouble) => (model.judgement.troubled[trouble] ?? 0) > 0);
    const withCounts = present.map((one): [string, string] => [
      one,
      `${one} (${model.judgement.troubled[one] ?? 0})`,
    ]);
    const choices = {
      trouble: choice('Trouble', [all, ...withCounts], (value) => this.#set('trouble', value)),
      sender: choice('Sender', named(nodes), (value) => this.#set('sender', value)),
      receiver: choice('Receiver', named(nodes), (value) => this.#set('receiver', value)),
    };
    this.#selects = {
      trouble: choices.trouble.select,
      sender: choices.sender.select,
      receiver: choices.receiver.select,
    };
    const head = ['message', 'sender', 'troubles', 'receivers'].map((title) =>
      el('th', { scope: 'col' }, title),
    );
    this.element = el(
      'div',
      { class: 'list' },
      el(
        'p',
        { class: 'controls' },
        choices.trouble.element,
        choices.sender.element,
        choices.receiver.element,
      ),
      this.#count,
      el(
        'div',
        { class: 'tall', tabindex: 0, role: 'group', 'aria-label': 'Troubled messages' },
        el('table', {}, el('thead', {}, el('tr', {}, ...head)), this.#body),
        this.#more,
      ),
    );
    this.#show(page);
    model.watch((now, before) => {
      if (now.message !== before.message) this.#mark(before.message, now.message);
    });
  }

  /** Shows the messages of one sender towards one receiver. */
  filter(sender: string, receiver?: string): void {
    this.#selects.sender.value = sender;
    this.#selects.receiver.value = receiver ?? '';
    this.#filter.sender = sender;
    this.#set('receiver', receiver ?? '');
    this.#selects.trouble.focus();
  }

  #set(part: keyof Filter, value: string): void {
    this.#filter[part] = value;
    this.#show(page);
  }

  #show(most: number): void {
    this.#shown = most;
    const found = this.#model.judgement.messages.filter((message) => this.#fits(message));
    this.#links.clear();
    this.#body.replaceChildren(...found.slice(0, most).map((message) => this.#row(message)));
    this.#more.hidden = found.length <= most;
    const told = this.#model.judgement.messages.length;
    const shown = Math.min(most, found.length);
    this.#count.textContent =
      told === 0
        ? 'Nothing is wrong with any message.'
        : `${many(shown, 'message')} of ${found.length} that fit, ${told} in this report`;
    this.#mark(undefined, this.#model.now.message);
  }

  #fits({ sender, troubles: all }: TroubledMessage): boolean {
    const wanted = this.#filter;
    return (
      (wanted.sender === '' || sender === wanted.sender) &&
      all.some(
        ({ trouble, receiver }) =>
          (wanted.trouble === '' || trouble === wanted.trouble) &&
          (wanted.receiver === '' || receiver === undefined || receiver === wanted.receiver),
      )
    );
  }

  #row(message: TroubledMessage): HTMLElement {
    const key = keyOf(message);
    const link = el('a', { href: hashOf(key) }, `${message.test} #${message.seq}`);
    this.#links.set(key, link);
    const names = [...new Set(message.troubles.map(({ trouble }) => trouble))];
    const receivers = [...new Set(message.troubles.flatMap(({ receiver }) => receiver ?? []))];
    const few =
      receivers.length > 4
        ? `${receivers.slice(0, 3).join(', ')} and ${receivers.length - 3} more`
        : receivers.join(', ');
    return el(
      'tr',
      {},
      el('td', {}, link),
      el('td', {}, message.sender),
      el('td', {}, ...names.map(tag)),
      el('td', {}, few),
    );
  }

  #mark(before: string | undefined, now: string | undefined): void {
    if (before !== undefined) this.#links.get(before)?.removeAttribute('aria-current');
    if (now !== undefined) this.#links.get(now)?.setAttribute('aria-current', 'true');
  }
}

/** The name of a trouble, coloured. */
export function tag(trouble: Trouble): HTMLElement {
  return el('span', { class: `tag ${trouble}` }, trouble);
}
