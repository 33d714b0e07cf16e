import { Code, ConnectError } from '@connectrpc/connect';
import { signal } from '@preact/signals';
import { callError, type Hub, hubWith, probe } from './hub.js';

/** A token is kept as long as the tab. */
const key = 'postern-token';
/** A hub that does not answer for so long does not take a token, in milliseconds. */
const probeMs = 10_000;
/** A timer of a browser can be set no longer, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/** The hub as whoever is logged in; undefined: nobody is. */
export const session = signal<Hub | undefined>(undefined);
let expiry: ReturnType<typeof setTimeout> | undefined;
/** Why nobody is logged in, for people; empty: nobody has tried. */
export const logInProblem = signal('');
/** A token is being tried. */
export const tryingToken = signal(false);

/** Tries a token, and takes it where the hub does; else `logInProblem` says why not. */
export async function logIn(token: string): Promise<void> {
  if (tryingToken.value) return;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    logInProblem.value =
      token === '' ? 'A token is needed.' : 'A token has no spaces and no letters beyond ASCII.';
    return;
  }
  tryingToken.value = true;
  try {
    await probe(
      hubWith(token, () => {}),
      probeMs,
    );
    take(token);
  } catch (thrown) {
    const refused = ConnectError.from(thrown).code === Code.Unauthenticated;
    logInProblem.value = refused ? `The hub refuses this token: ${callError(thrown)}` : callError(thrown);
  } finally {
    tryingToken.value = false;
  }
}

/** Forgets the token; `why`, for people, where it was not the reader who wanted it. */
export function logOut(why = ''): void {
  sessionStorage.removeItem(key);
  logInProblem.value = why;
  session.value = undefined;
  clearTimeout(expiry);
}

/** Takes the token of `#token=…`, which is out of the URL at once, or the one from before in this tab. */
export function resumeSession(): void {
  const given = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    history.replaceState(null, '', location.pathname + location.search);
    void logIn(given);
    return;
  }
  const kept = sessionStorage.getItem(key);
  if (kept !== null) take(kept);
}

function take(token: string): void {
  sessionStorage.setItem(key, token);
  logInProblem.value = '';
  const hub = hubWith(token, (why) => {
    // A call that was begun before somebody else logged in says nothing of them.
    if (session.value === hub) logOut(`Logged out: the hub does not take the token any more: ${why}`);
  });
  session.value = hub;
  askAtExpiry(hub, token);
}

/** A stream that was opened with a token outlives it: the hub is asked when the token says that it ends. */
function askAtExpiry(hub: Hub, token: string): void {
  clearTimeout(expiry);
  const endsMs = expiryOf(token);
  if (endsMs === undefined) return;
  const waitMs = Math.max(0, endsMs - Date.now()) + 1_000;
  expiry = setTimeout(
    () => {
      if (session.value !== hub) return;
      probe(hub, probeMs).then(
        () => askAtExpiry(hub, token),
        () => askAtExpiry(hub, token),
      );
    },
    Math.min(Math.max(waitMs, 5_000), longestTimerMs),
  );
}

/** When a token says that it ends, Unix time in milliseconds; undefined: it does not. */
function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(
      atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')),
    );
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined;
    return typeof claims.exp === 'number' ? claims.exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
