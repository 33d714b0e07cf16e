import { signal } from '@preact/signals';
import { navigation } from './navigation.js';
import { go } from './place.js';
import { session } from './session.js';
import { paused } from './settings.js';

/** The list of keys is open. */
export const helpShown = signal(false);

/** The keys of the page, for people. Those of a view work where it has such a part. */
export const keysHelp: readonly (readonly [keys: string, what: string])[] = [
  ['?', 'these keys'],
  ['/', 'search'],
  ...navigation.map(({ key, title }) => [`g ${key}`, title] as const),
  ['p', 'pause and resume what is live'],
  ['↑ ↓', 'row of a table'],
  ['Page Up, Page Down, Home, End', 'the same, in bigger steps'],
  ['Enter', 'open the row'],
  ['[ ]', 'machines: one transition back, forth'],
  ['l', 'machines: what is now'],
  ['+ - 0 a', 'drawing that has the focus: nearer, farther, all of it, follow the state'],
  ['← ↑ ↓ →', 'the same: move it'],
  ['↑ ↓', 'sequence: the transition before, after'],
  ['← →', 'sequence: what led to it, what it led to'],
  ['Esc', 'close what is open'],
];

/** `g` waits so long for the next key, in milliseconds. */
const secondKeyMs = 3_000;

/** Follows the keys that work everywhere; not while somebody writes. */
export function followKeys(): void {
  let goneAt = Number.NEGATIVE_INFINITY;
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (session.value === undefined || isWritten(event.target) || dialogOpen()) return;
    const view = event.timeStamp - goneAt < secondKeyMs && navigation.find(({ key }) => key === event.key);
    goneAt = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
    if (view) go(`/inspect/${view.view}`);
    else if (event.key === '?') helpShown.value = true;
    else if (event.key === 'p') paused.value = !paused.value;
    else if (event.key === '/') focusSearch();
    else return;
    event.preventDefault();
  });
}

function focusSearch(): void {
  const search = document.querySelector<HTMLInputElement>('#view input[type="search"]');
  search?.focus();
  search?.select();
}

function dialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}

function isWritten(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:input|textarea|select)$/i.test(target.tagName);
}
