import { isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

/** A host name as nearly everybody sends it, lower-case, with or without port and trailing dot. */
const usual = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::\d{0,5})?$/;
const outsideAscii = /[^\x20-\x7e]/;

/**
 * The host of an authority in the form that hosts are compared in: lower-case ASCII (punycode), without user, port,
 * brackets and trailing dot. '' where there is none, or nothing that is a host name.
 * @param authority `:authority` or `host` as Node gives it: one character per byte.
 */
export function canonicalHost(authority: string): string {
  const lower = authority.toLowerCase();
  const plain = usual.exec(lower)?.[1];
  if (plain !== undefined) return plain;
  return oddHost(outsideAscii.test(authority) ? Buffer.from(authority, 'latin1').toString('utf8') : lower);
}

/**
 * The same for text that a person wrote, as host alone: an address may stand without brackets, a port may not be there.
 */
export function canonicalName(text: string): string {
  if (isIPv6(text)) return canonicalIPv6(text);
  if (/:\d*$/.test(text) && !text.endsWith(']')) return '';
  return usual.exec(text.toLowerCase())?.[1] ?? oddHost(text);
}

function oddHost(text: string): string {
  const host = text.slice(text.lastIndexOf('@') + 1);
  const bracketed = /^\[([^\]]*)\](?::\d{0,5})?$/.exec(host)?.[1];
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIPv6(bracketed) : '';
  const name = host.replace(/:\d{0,5}$/, '');
  // What it takes for a part of a URL is no host name.
  if (/[\s/\\?#%:@[\]<>^|]/.test(name)) return '';
  const ascii = domainToASCII(name);
  return usual.exec(ascii.toLowerCase())?.[1] ?? '';
}

/** RFC 5952; '' with a zone, which means nothing on another machine. */
function canonicalIPv6(address: string): string {
  return URL.canParse(`http://[${address}]/`) ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : '';
}
