import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { WebSocketServer } from 'ws';

/** A server that notes whoever reaches it, and says under whose name they came. */
export interface Upstream {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Requests, upgrades and connections so far. */
  seen(): number;
  stop(): Promise<void>;
}

/** Takes every gRPC call, and tells in the trailer `x-seen-as` who called. */
export async function startGrpcUpstream(): Promise<Upstream> {
  let seen = 0;
  const server = createHttp2Server();
  server.on('connection', () => {
    seen++;
  });
  server.on('stream', (stream, headers) => {
    seen++;
    stream.on('error', () => {});
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0', 'x-seen-as': seenAs(headers) });
    });
    stream.resume();
    stream.on('end', () => stream.end());
  });
  return started(server, () => seen);
}

/** Takes every request and WebSocket, and tells in the header `x-seen-as` who asked. */
export async function startHttpUpstream(): Promise<Upstream> {
  let seen = 0;
  const server = createHttpServer((request, response) => {
    seen++;
    response.setHeader('x-seen-as', seenAs(request.headers));
    response.end('here');
  });
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('headers', (lines, request) => lines.push(`x-seen-as: ${seenAs(request.headers)}`));
  server.on('upgrade', (request, socket, head) => {
    seen++;
    sockets.handleUpgrade(request, socket, head, (opened) => opened.close(1000));
  });
  return started(server, () => seen);
}

/** Everything that could be taken for who calls, in any spelling. */
function seenAs(headers: IncomingHttpHeaders): string {
  const names = Object.keys(headers).filter((name) => /user.?email|x-postern-(?!node|error)/i.test(name));
  return names.map((name) => `${name}=${String(headers[name])}`).join(' ');
}

async function started(server: Server, seen: () => number): Promise<Upstream> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${address.port}`,
    seen,
    async stop() {
      server.close();
      if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
        server.closeAllConnections();
      }
    },
  };
}
