import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import { errorText, PosternError } from '../errors.js';
import { formatAddress, parseAddress } from '../wire/address.js';

/** A listener of its own, so that metrics need not be where everybody calls. Throws `PORT_IN_USE` or `LISTEN_FAILED`. */
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
  const parsed = parseAddress(address, 'listen');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (thrown) => reject(cannotListen(address, thrown)));
    if ('path' in parsed) server.listen({ path: parsed.path }, resolve);
    else server.listen({ port: parsed.port, ...(parsed.host === '' ? {} : { host: parsed.host }) }, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    address: formatAddress('path' in parsed ? parsed : { host: parsed.host, port }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function cannotListen(address: string, thrown: Error): PosternError {
  const inUse = 'code' in thrown && thrown.code === 'EADDRINUSE';
  return new PosternError(
    inUse ? 'PORT_IN_USE' : 'LISTEN_FAILED',
    inUse ? `the metrics address ${address} is in use` : `cannot listen at ${address}: ${errorText(thrown)}`,
    { hint: "choose another with --metrics HOST:PORT, or none with --metrics ''", cause: thrown },
  );
}
