import type { IncomingHttpHeaders } from 'node:http';
import { canonicalAddress } from './networks.js';

/**
 * The addresses that proxies have noted in a request, the nearest hop last; undefined for one that is hidden or no
 * address. `X-Forwarded-For` and `Forwarded` (RFC 7239) have a list each where they are there; `malformed` where one
 * cannot be read.
 */
export function forwardedHops(
  headers: IncomingHttpHeaders,
): readonly (readonly (string | undefined)[])[] | 'malformed' {
  const lists: (readonly (string | undefined)[])[] = [];
  const plain = headers['x-forwarded-for'];
  if (plain !== undefined) lists.push(String(plain).split(',').map(addressOf));
  const { forwarded } = headers;
  if (forwarded !== undefined) {
    const elements = elementsOf(forwarded);
    if (elements === undefined) return 'malformed';
    lists.push(elements);
  }
  return lists;
}

const pair = /\s*([!#$%&'*+\-.^_`|~\w]+)=("(?:[^"\\]|\\.)*"|[^\s",;=]*)\s*(;|,|$)/y;

/** What each element of `Forwarded` says after `for=`; undefined where it is not well-formed. */
function elementsOf(value: string): (string | undefined)[] | undefined {
  const found: (string | undefined)[] = [];
  let current: string | undefined;
  pair.lastIndex = 0;
  for (;;) {
    const part = pair.exec(value);
    if (part === null) return undefined;
    const [, name = '', text = '', end] = part;
    if (name.toLowerCase() === 'for') current = addressOf(text.replace(/^"|"$/g, ''));
    if (end === ';') continue;
    found.push(current);
    current = undefined;
    if (end === '') return found;
  }
}

/** `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1` or `[2001:db8::1]:5` as an address. */
function addressOf(text: string): string | undefined {
  const [, bracketed, ipv4] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text.trim()) ?? [];
  return canonicalAddress(bracketed ?? ipv4 ?? text.trim());
}
