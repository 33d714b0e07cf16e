import { isIPv6 } from 'node:net';
import { PosternError } from '../../errors.js';
import { formatAddress, parseAddress } from '../../wire/address.js';
import { isLoopback } from './peer-target.js';

/** Port of token servers where none is named, and of those that are named by an https URL. */
const defaultPort = 8091;
const defaultTlsPort = 443;

/** A token server that somebody names. */
interface TokenPlace {
  readonly tls: boolean;
  /** IPv6 addresses without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The URL of a token server that is named by HOST or HOST:PORT, which is asked over http, or by https://HOST or
 * https://HOST:PORT; an IPv6 address with a port stands in brackets. Throws `ADDRESS_INVALID` for everything else: another
 * scheme, a path, a user or a query would lead to another place than it seems. Throws `TOKEN_SERVER_FORBIDDEN` for doors that
 * nobody shall have this agent knock at: all but those of its own machine, those where token servers are by default, and
 * those that are `allowed` (`HOST:PORT`).
 */
export function tokenServerUrl(text: string, allowed: readonly string[] = []): string {
  const place = placeOf(text);
  if (!mayBeAsked(place, allowed)) {
    const asked = formatAddress(place);
    throw new PosternError(
      'TOKEN_SERVER_FORBIDDEN',
      `this agent asks token servers on its own machine, at port ${defaultPort}, and by https at port ${defaultTlsPort}, not at ${asked}: start it with --infra-token-server ${asked} where that is wanted`,
    );
  }
  return urlOf(place);
}

function urlOf({ tls, host, port }: TokenPlace): string {
  const url = `${tls ? 'https' : 'http'}://${formatAddress({ host, port })}`;
  return tls && port === defaultTlsPort ? url.slice(0, url.lastIndexOf(':')) : url;
}

function mayBeAsked(place: TokenPlace, allowed: readonly string[]): boolean {
  const { tls, host, port } = place;
  if (port === defaultPort || (tls && port === defaultTlsPort)) return true;
  if (host.toLowerCase() === 'localhost' || isLoopback(host)) return true;
  return allowed.some((text) => {
    const address = parseAddress(text);
    return !('path' in address) && address.port === port && hostOf(address.host) === hostOf(host);
  });
}

/** As URLs have it: in small letters, an address of IPv6 in its shortest form. */
function hostOf(host: string): string {
  const url = urlOf({ tls: false, host, port: 1 });
  return URL.canParse(url) ? new URL(url).hostname : host;
}

function placeOf(text: string): TokenPlace {
  const named = /^https:\/\/(.*)$/i.exec(text)?.[1];
  const tls = named !== undefined;
  const { host, port: digits = String(tls ? defaultTlsPort : defaultPort) } = partsOf(named ?? text) ?? {};
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  // A host that ends in a number and is no IPv4 address is no host of a URL.
  if (host !== undefined && port > 0 && URL.canParse(urlOf({ tls, host, port }))) return { tls, host, port };
  throw new PosternError(
    'ADDRESS_INVALID',
    `${JSON.stringify(text.slice(0, 200))} is not HOST, HOST:PORT or https://HOST:PORT: name the token server alone, such as 10.0.0.5 or https://tokens.example.org`,
  );
}

function partsOf(text: string): { host: string; port?: string | undefined } | undefined {
  if (isIPv6(text)) return text.includes('%') ? undefined : { host: text };
  const [, bracketed = '', bracketedPort] = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? [];
  if (bracketed !== '') return isIPv6(bracketed) ? { host: bracketed, port: bracketedPort } : undefined;
  const [, host, port] = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::(.*))?$/.exec(text) ?? [];
  return host === undefined ? undefined : { host, port };
}
