import { isIPv6 } from 'node:net';
import { PosternError } from '../errors.js';

/** A TCP address. `host` is '' where only a port was given: all interfaces to listen on, this machine to dial. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** A unix socket's address. */
export interface UnixAddress {
  readonly path: string;
}

export type Address = TcpAddress | UnixAddress;

/** What an address is for: only a listener may have port 0, which means any free port. */
export type AddressPurpose = 'listen' | 'dial';

/** Longest path that fits `sockaddr_un` on Linux, in bytes; elsewhere it is a few bytes less. */
const maxUnixPathBytes = 107;

/**
 * Reads `HOST:PORT`, `:PORT`, `[::1]:PORT` or `unix:/path`.
 *
 * Throws `PosternError` `ADDRESS_INVALID` (exit status 2) that quotes the text and says what is wrong with it.
 */
export function parseAddress(text: string, purpose: AddressPurpose = 'dial'): Address {
  if (text.startsWith('unix:')) return { path: parseUnixPath(text) };
  if (text.includes('://')) throw invalid(text, 'it is a URL; leave out the scheme');
  const { host, portText } = splitPort(text);
  if (!/^\d{1,5}$/.test(portText)) throw invalid(text, 'the port is not a number');
  const port = Number(portText);
  if (port > 65_535) throw invalid(text, 'the port is above 65535');
  if (port === 0 && purpose === 'dial') throw invalid(text, 'port 0 cannot be dialled');
  return { host, port };
}

/** The inverse of `parseAddress`. */
export function formatAddress(address: Address): string {
  if ('path' in address) return `unix:${address.path}`;
  return isIPv6(address.host) ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function parseUnixPath(text: string): string {
  // `unix:///path` is how grpc libraries write it.
  const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (path === '') throw invalid(text, 'the path is missing');
  if (path.includes('\0')) throw invalid(text, 'the path holds a NUL character');
  if (Buffer.byteLength(path) > maxUnixPathBytes) {
    throw invalid(text, `the path is longer than ${maxUnixPathBytes} bytes`);
  }
  return path;
}

function splitPort(text: string): { host: string; portText: string } {
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(text);
  if (bracketed !== null) {
    const [, host = '', portText = ''] = bracketed;
    if (!isIPv6(host)) throw invalid(text, `'${host}' is not an IPv6 address`);
    return { host, portText };
  }
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw invalid(text, 'the port is missing');
  const host = text.slice(0, colon);
  if (host.includes(':')) throw invalid(text, 'an IPv6 address must stand in brackets');
  if (!/^[A-Za-z0-9._-]*$/.test(host)) throw invalid(text, `'${host}' is not a host name`);
  return { host, portText: text.slice(colon + 1) };
}

function invalid(text: string, why: string): PosternError {
  return new PosternError('ADDRESS_INVALID', `'${text}' is not an address: ${why}`, {
    hint: "write HOST:PORT, :PORT, [::1]:PORT or unix:/path, e.g. '127.0.0.1:50051'",
    exitCode: 2,
  });
}
