import { isIPv6 } from 'node:net';
import { PosternError } from '../../errors.js';

/** Port of token servers where none is named. */
const defaultPort = 8091;

/**
 * The URL of a token server that is named by HOST or HOST:PORT; an IPv6 address with a port stands in brackets. Throws
 * `ADDRESS_INVALID` for everything else: a scheme, a path, a user or a query would lead to another place than it seems.
 */
export function tokenServerUrl(text: string): string {
  const { host, port = String(defaultPort) } = partsOf(text) ?? {};
  const url = `http://${host}:${Number(port)}`;
  // A host that ends in a number and is no IPv4 address is no host of a URL.
  const isPlace = host !== undefined && /^\d{1,5}$/.test(port) && Number(port) > 0 && URL.canParse(url);
  if (isPlace) return url;
  throw new PosternError(
    'ADDRESS_INVALID',
    `${JSON.stringify(text.slice(0, 200))} is not HOST or HOST:PORT`,
    {
      hint: 'name the token server alone, such as 10.0.0.5 or tokens.example.org:8091',
    },
  );
}

function partsOf(text: string): { host: string; port?: string | undefined } | undefined {
  if (isIPv6(text)) return { host: `[${text}]` };
  const [, bracketed = '', bracketedPort] = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? [];
  if (bracketed !== '')
    return isIPv6(bracketed) ? { host: `[${bracketed}]`, port: bracketedPort } : undefined;
  const [, host, port] = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::(.*))?$/.exec(text) ?? [];
  return host === undefined ? undefined : { host, port };
}
