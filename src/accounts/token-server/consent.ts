import { createHmac, randomBytes } from 'node:crypto';
import type { AuthorizeRequest } from './authorize-request.js';
import { equalTexts } from './equal.js';

/** Name of the field of the form that holds the mark. */
export const consentField = 'consent';

/** A page may be looked at for so long before its form is sent, in milliseconds. */
const pageMs = 600_000;
const form = /^(\d{1,15})\.([A-Za-z0-9_-]{43})$/;

/**
 * Marks the forms of this server's own pages: a form is believed for the request alone that its page was about, and for a while.
 * Pages of before a restart are worth nothing, as codes are.
 */
export class Consent {
  readonly #secret = randomBytes(32);
  readonly #now: () => number;

  /** `now` counts milliseconds up. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The mark for a page about this request. */
  markFor(request: AuthorizeRequest): string {
    const untilMs = Math.ceil(this.#now() + pageMs);
    return `${untilMs}.${this.#mac(untilMs, request)}`;
  }

  /** Whether a mark was made for a page about this request, lately. */
  isFor(request: AuthorizeRequest, mark: string): boolean {
    const [, until = '', mac = ''] = form.exec(mark) ?? [];
    const untilMs = Number(until);
    return equalTexts(this.#mac(untilMs, request), mac) && this.#now() <= untilMs;
  }

  #mac(untilMs: number, { client, challenge, scope, state }: AuthorizeRequest): string {
    const text = JSON.stringify([untilMs, client, challenge, scope, state]);
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

/** What a browser says of the page that sends a form. */
export interface Sender {
  /** `Sec-Fetch-Site`. */
  readonly site: string | undefined;
  readonly origin: string | undefined;
  /** Which host the request is for, with its port. */
  readonly host: string | undefined;
}

/** Whether a form comes from a page of another place. What is no browser says nothing of pages, and has none. */
export function isForeign({ site, origin, host }: Sender): boolean {
  if (site !== undefined) return site !== 'same-origin';
  if (origin === undefined) return false;
  // Which scheme clients see is not known here: another server may have taken the TLS off.
  return host === undefined || !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase();
}
