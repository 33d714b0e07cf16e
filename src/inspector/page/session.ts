import { signal } from '@preact/signals';
import { type Hub, hubWith } from './hub.js';

/** A token is kept as long as the tab. */
const key = 'postern-token';

/** The hub as whoever is logged in; undefined: nobody is. */
export const session = signal<Hub | undefined>(remembered());

/** Takes a token that the hub takes. */
export function logIn(token: string): void {
  sessionStorage.setItem(key, token);
  session.value = hubWith(token);
}

/** Forgets the token. */
export function logOut(): void {
  sessionStorage.removeItem(key);
  session.value = undefined;
}

/** From `#token=…`, which is taken out of the URL at once, or from before in this tab. */
function remembered(): Hub | undefined {
  const given = /^#token=([\w.-]+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    history.replaceState(null, '', location.pathname + location.search);
    sessionStorage.setItem(key, given);
  }
  const token = given ?? sessionStorage.getItem(key);
  return token === null ? undefined : hubWith(token);
}
