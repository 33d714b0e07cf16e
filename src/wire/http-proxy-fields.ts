import type { RawMetadata } from '../rpc/call.js';
import { hopByHopNames } from '../rpc/metadata.js';

/** A proxy in front of the service says these, and nobody else: what a client says of itself is not believed. */
const ofProxies = /^(?:forwarded|x-real-ip|x-client-ip|true-client-ip|proxy|x-forwarded-.*)$/;
/** What frames a message or says whom it is for is never taken from trailers (RFC 9110 §6.5.1), nor what lets pass. */
const neverTrailing =
  /^(?:user-email|x-postern-.*|authorization|cookie|set-cookie|jwt|host|expect|trailer|content-.*|cache-control|location|www-authenticate)$/;

/** RFC 9110 token characters; names are lower-case by then. */
const fieldName = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;
/** No control characters but the tab. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * A field's name as a careless server may understand it: CGI and its heirs (WSGI, PHP, Rack) make one character of `-`,
 * `_` and others, so that `User-Email` would be `user_email` there.
 */
export function looseName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/**
 * The fields that travel to the other end (RFC 9110 §7.6.1): names in lower case, order kept, without pseudo-fields, those
 * of one connection, those that `Connection` names, and without `host` and `expect`, which each hop writes itself.
 * Undefined where a field cannot be passed on.
 * @param raw names and values in turn, as Node's `rawHeaders`.
 */
export function endToEnd(raw: readonly string[]): string[] | undefined {
  const named = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if ((raw[i] ?? '').toLowerCase() !== 'connection') continue;
    for (const name of (raw[i + 1] ?? '').split(',')) named.add(name.trim().toLowerCase());
  }
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    if (name.startsWith(':') || hopByHopNames.has(name) || name === 'expect' || named.has(name)) continue;
    if (!fieldName.test(name) || !fieldValue.test(value)) return undefined;
    kept.push(name, value);
  }
  return kept;
}

/** The fields of a request without what only a proxy may say. */
export function withoutProxyFields(fields: RawMetadata): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!ofProxies.test(looseName(name))) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

/** The trailers that may be passed on: none that says what only a proxy, or the hub, may say. */
export function passableTrailers(raw: readonly string[]): string[] {
  const fields = withoutProxyFields(endToEnd(raw) ?? []);
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!neverTrailing.test(looseName(name))) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

/** The cookies of an HTTP/2 request in one field, as HTTP/1.1 wants them (RFC 9113 §8.2.3). */
export function withOneCookie(fields: string[]): string[] {
  const cookies: string[] = [];
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === 'cookie') cookies.push(fields[i + 1] ?? '');
    else kept.push(fields[i] ?? '', fields[i + 1] ?? '');
  }
  if (cookies.length > 0) kept.push('cookie', cookies.join('; '));
  return kept;
}

/** Who is on whose behalf: what is said to the service in place of what the client said. */
export function forwardedFields(from: {
  /** The client's address, `unix` or `unknown` where it has none. */
  readonly client: string;
  readonly secure: boolean;
  readonly authority: string;
}): string[] {
  const { client, authority } = from;
  const proto = from.secure ? 'https' : 'http';
  const isAddress = /^[0-9a-f.:]+$/i.test(client);
  const node = !isAddress ? 'unknown' : client.includes(':') ? `"[${client}]"` : client;
  const fields = isAddress ? ['x-forwarded-for', client] : [];
  fields.push('x-forwarded-proto', proto);
  if (authority !== '') fields.push('x-forwarded-host', authority);
  const host = authority === '' ? '' : `;host="${authority}"`;
  fields.push('forwarded', `for=${node};proto=${proto}${host}`);
  return fields;
}

/** Names and values in pairs. */
export function pairsOf(fields: RawMetadata): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) pairs.push([fields[i] ?? '', fields[i + 1] ?? '']);
  return pairs;
}
