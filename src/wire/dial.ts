import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { PosternError } from '../errors.js';
import { type Address, formatAddress } from './address.js';

/** TLS towards a server; PEM texts. Without `ca` the roots that Node knows. */
export interface DialTls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name that the certificate must bear; by default the host of the address. */
  readonly servername?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}

/** Seconds of silence after which the system probes whether the other end is still there. */
const keepAliveMs = 60_000;

/** A connection on its way. */
export interface Dialling {
  /** Rejects with `PosternError` `DIAL_FAILED` that names the address. */
  readonly connected: Promise<Duplex>;
  /** Gives it up. */
  abort(): void;
}

/**
 * Connects to a server that speaks HTTP/2: TCP or a unix socket, with TLS where `tls` is given (ALPN `h2` is then
 * demanded).
 * @param timeoutMs bound for the whole of it.
 * @param name what messages call the server.
 */
export function dial(
  address: Address,
  tls: DialTls | undefined,
  timeoutMs: number,
  name = formatAddress(address),
): Dialling {
  const socket = tls === undefined ? connectTcp(target(address)) : dialTls(address, tls);
  const connected = new Promise<Duplex>((resolve, reject) => {
    const fail = (why: string, cause?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new PosternError('DIAL_FAILED', `the server at ${name} cannot be reached: ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`no connection within ${timeoutMs} ms`), timeoutMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      if ('alpnProtocol' in socket && tls !== undefined && socket.alpnProtocol !== 'h2') {
        fail('it does not offer HTTP/2 over TLS (ALPN h2)');
        return;
      }
      clearTimeout(timer);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveMs);
      resolve(socket);
    });
    // Stays on: an error after the connection was handed over must not be uncaught.
    socket.on('error', (error) => fail(whyNot(error), error));
    socket.once('close', () => fail('the connection was closed'));
  });
  return { connected, abort: () => socket.destroy() };
}

function target(address: Address): { path: string } | { host: string; port: number } {
  if ('path' in address) return { path: address.path };
  return { host: address.host === '' ? 'localhost' : address.host, port: address.port };
}

function dialTls(address: Address, tls: DialTls): Socket & { alpnProtocol: string | false | null } {
  const host = 'path' in address ? 'localhost' : address.host || 'localhost';
  const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
  return connectTls({
    ...target(address),
    ALPNProtocols: ['h2'],
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
  });
}

/** What the system's error codes mean, for people. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused (nothing listens there)',
  ENOENT: 'there is no such socket',
  EACCES: 'permission denied',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
};

function whyNot(error: NodeJS.ErrnoException): string {
  // A host with several addresses fails with one error for each and an empty text.
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  // OpenSSL's own text is for its developers, and ends with a new line.
  const code = error.code ?? '';
  const ofTls = code.startsWith('ERR_SSL_') && 'reason' in first ? `TLS failed: ${first.reason}` : undefined;
  return reasons[code] ?? ofTls ?? (first.message || code || 'unknown error');
}
