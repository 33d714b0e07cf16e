import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { formatAddress, parseAddress } from './address.js';
import { bind } from './bind.js';

/**
 * A listener of its own, so that metrics need not be where everybody calls. Throws `ADDRESS_INVALID`, `PORT_IN_USE`,
 * `LISTEN_DENIED` or `LISTEN_FAILED`.
 */
export async function listenMetrics(
  address: string,
  registry: Registry,
): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = 10_000;
  const bound = await bind(server, parseAddress(address, 'listen'));
  return {
    address: formatAddress(bound),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
