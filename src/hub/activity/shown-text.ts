import { longestCaller } from '../../bus/activity-message.js';

/** A text without what steers terminals, cut where it is too long. */
export function shownText(text: string, longest: number): string {
  const cut = text.length > longest ? text.slice(0, longest) : text;
  return cut.replace(/\p{Cc}/gu, '?');
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
