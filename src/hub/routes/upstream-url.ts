import { PosternError } from '../../errors.js';
import { type Address, formatAddress, parseAddress } from '../../wire/address.js';

/** Where a route leads, as its URL says. */
export interface UpstreamUrl {
  /** `grpc`: calls over HTTP/2; `http`: requests over HTTP/1.1, WebSockets among them. */
  readonly protocol: 'grpc' | 'http';
  readonly tls: boolean;
  readonly address: Address;
  /** `HOST:PORT` as a client of it would say, 'localhost' for a socket. */
  readonly authority: string;
}

const form = /^(grpc|grpcs|http|https):\/\/([^/?#]*)(.*)$/i;
const unixForm = /^(grpc|http)\+(unix:.*)$/i;
const standardPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Reads `grpc://HOST:PORT`, `grpcs://…`, `http://…`, `https://…`, `grpc+unix:/PATH` or `http+unix:/PATH`.
 *
 * Throws `PosternError` `ROUTE_INVALID` (exit status 2).
 */
export function parseUpstreamUrl(text: string): UpstreamUrl {
  const unix = unixForm.exec(text);
  if (unix !== null) {
    const address = parseAddress(unix[2] ?? '');
    return { protocol: protocolOf(unix[1] ?? ''), tls: false, address, authority: 'localhost' };
  }
  const [, scheme = '', place = '', rest = ''] = form.exec(text) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === '') {
    throw invalid(
      text,
      'write grpc://HOST:PORT, http://HOST:PORT, grpcs:// or https:// for TLS, or grpc+unix:/PATH',
    );
  }
  if (place.includes('@')) throw invalid(text, 'no user or password can stand in it');
  if (rest !== '' && rest !== '/') throw invalid(text, 'no path can stand in it; see stripPrefix');
  const port = standardPorts[kind];
  const address = parseAddress(/:\d+$/.test(place) || port === undefined ? place : `${place}:${port}`);
  if ('port' in address && address.host === '') throw invalid(text, 'the host is missing, e.g. 127.0.0.1');
  return {
    protocol: protocolOf(kind),
    tls: kind === 'grpcs' || kind === 'https',
    address,
    authority: formatAddress(address),
  };
}

function protocolOf(scheme: string): 'grpc' | 'http' {
  return scheme.toLowerCase().startsWith('grpc') ? 'grpc' : 'http';
}

function invalid(text: string, why: string): PosternError {
  return new PosternError('ROUTE_INVALID', `'${text}' is not where a service listens: ${why}`, {
    exitCode: 2,
  });
}
