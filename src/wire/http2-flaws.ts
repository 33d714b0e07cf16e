import type { IncomingHttpHeaders } from 'node:http2';
import { type Client, contradictoryProxies } from './client.js';

/**
 * What is wrong with a request that nghttp2 has let pass: who may be asked is told twice and not the same, or who asks.
 * Undefined: nothing.
 */
export function http2FlawOf(client: Client, headers: IncomingHttpHeaders): string | undefined {
  const { host, ':authority': authority = host } = headers;
  if (host !== undefined && host.toLowerCase() !== authority?.toLowerCase()) {
    return 'host and :authority are not the same';
  }
  return client.addressIn(headers) === undefined ? contradictoryProxies : undefined;
}
