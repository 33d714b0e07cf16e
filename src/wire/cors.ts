import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Whether a request may be answered, and what its answer says in `Access-Control-Allow-Origin`; '' says nothing. */
export type OriginVerdict = { readonly ok: true; readonly allow: string } | { readonly ok: false };

/** `https://app.example.org`, `https://*.example.org` (any name below it) or `*`: an origin, or many. */
const originPattern = /^https?:\/\/(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/;
/** Names of headers as a preflight lists them. */
const headerList = /^[a-z0-9!#$%&'*+\-.^_`|~]+(,[a-z0-9!#$%&'*+\-.^_`|~]+)*$/;
/** Longest such list that is answered, in characters. */
const longestHeaderList = 4_096;

const noOrigin: OriginVerdict = { ok: true, allow: '' };
const refused: OriginVerdict = { ok: false };

/** True for what may stand in a list of allowed origins: lower-case, without a path. */
export function isOriginPattern(text: string): boolean {
  return text === '*' || originPattern.test(text);
}

/** Which pages of other origins may call, by the rules of the Fetch standard. Credentials (cookies) never come in. */
export class CorsPolicy {
  readonly #any: boolean;
  readonly #exact: ReadonlySet<string>;
  /** Parts before and behind the star. */
  readonly #below: readonly (readonly [before: string, behind: string])[];
  readonly #maxAge: string;

  /** `origins` are as `isOriginPattern` wants them; none: only pages of the same origin. */
  constructor(options: { origins: readonly string[]; maxAgeSeconds: number }) {
    this.#any = options.origins.includes('*');
    this.#exact = new Set(options.origins);
    this.#below = options.origins
      .filter((origin) => origin.includes('://*.'))
      .map((origin) => {
        const star = origin.indexOf('*');
        return [origin.slice(0, star), origin.slice(star + 1)] as const;
      });
    this.#maxAge = String(options.maxAgeSeconds);
  }

  /**
   * Judges a request's `Origin`. `authority` is what the request calls this hub, `secure` whether it came over TLS.
   * A request without an origin is no page's.
   */
  judge(origin: string | undefined, authority: string, secure: boolean): OriginVerdict {
    if (origin === undefined) return noOrigin;
    if (this.#listed(origin)) return { ok: true, allow: origin };
    if (isSameOrigin(origin, authority, secure)) return noOrigin;
    return this.#any ? { ok: true, allow: '*' } : refused;
  }

  /** The headers that answer a preflight for a POST; undefined where it is refused. */
  preflight(
    headers: IncomingHttpHeaders,
    authority: string,
    secure: boolean,
  ): OutgoingHttpHeaders | undefined {
    const { origin } = headers;
    const verdict = this.judge(origin, authority, secure);
    if (!verdict.ok || headers['access-control-request-method'] !== 'POST') return undefined;
    const asked = (headers['access-control-request-headers'] ?? '').replaceAll(/[\t ]/g, '').toLowerCase();
    if (asked.length > longestHeaderList || (asked !== '' && !headerList.test(asked))) return undefined;
    return {
      'access-control-allow-origin': verdict.allow === '' ? origin : verdict.allow,
      'access-control-allow-methods': 'POST',
      ...(asked === '' ? {} : { 'access-control-allow-headers': asked }),
      'access-control-max-age': this.#maxAge,
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    };
  }

  #listed(origin: string): boolean {
    if (this.#exact.has(origin)) return origin !== '*';
    return this.#below.some(
      ([before, behind]) =>
        origin.startsWith(before) &&
        origin.endsWith(behind) &&
        /^[a-z0-9_.-]+$/.test(origin.slice(before.length, origin.length - behind.length)),
    );
  }
}

/** True for a preflight, which a browser sends before a request that a page may not make unasked. */
export function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** Without TLS here there may be some before us, so that a page that came by https is of the same origin too. */
function isSameOrigin(origin: string, authority: string, secure: boolean): boolean {
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  if (scheme === undefined || authority === '' || (secure && scheme === 'http://')) return false;
  const port = scheme === 'https://' ? ':443' : ':80';
  const bare = (host: string): string =>
    (host.endsWith(port) ? host.slice(0, -port.length) : host).toLowerCase();
  return bare(origin.slice(scheme.length)) === bare(authority);
}
