import { longestCaller, longestMethod } from '../../bus/activity-message.js';

/** A text without what steers terminals, cut where it is too long. */
export function shownText(text: string, longest: number): string {
  const cut = text.length > longest ? text.slice(0, longest) : text;
  return cut.replace(/\p{Cc}/gu, '?');
}

/** A path as a method, without what may hold a secret. */
export function shownMethod(path: string): string {
  const [method = ''] = path.slice(path.startsWith('/') ? 1 : 0).split(/[?#]/, 1);
  return shownText(method, longestMethod);
}

let lastCaller = '';
let lastShown = '';

/** A caller's name as it is told; quick where the same one calls again. */
export function shownCaller(caller: string): string {
  if (caller === lastCaller) return lastShown;
  lastCaller = caller;
  lastShown = shownText(caller, longestCaller);
  return lastShown;
}
