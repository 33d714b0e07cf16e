import { isIPv4 } from 'node:net';
import type { RelaySpec } from '../relay-spec.js';

/**
 * Where a relay leads, and from where; between addresses of loopback it comes from the address at which the relay
 * listens, by which nodes of one machine are told apart.
 */
export function dialledFrom({ listen, target }: RelaySpec): {
  readonly host: string;
  readonly port: number;
  readonly from: string | undefined;
} {
  const host = target.host === '' ? '127.0.0.1' : target.host;
  const isLocal = isLoopback(listen.host) && isLoopback(host);
  return { host, port: target.port, from: isLocal ? listen.host : undefined };
}

function isLoopback(host: string): boolean {
  return isIPv4(host) && host.startsWith('127.');
}
