import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { PosternError } from '../../src/errors.js';

/** As much of each connection is kept, in bytes. */
const firstBytesKept = 2048;

/** Stands before a listener and keeps what clients say first. */
export interface ConnectionRecorder {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly firstBytes: Buffer[];
  stop(): void;
}

export async function recordConnections(target: string): Promise<ConnectionRecorder> {
  const firstBytes: Buffer[] = [];
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(`http://${target}`);
  const server = createServer((client) => {
    const at = firstBytes.push(Buffer.alloc(0)) - 1;
    const upstream = connect({ host: hostname, port: Number(port) });
    for (const [socket, other] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    client.on('data', (chunk: Buffer) => {
      const seen = firstBytes[at] ?? Buffer.alloc(0);
      if (seen.length < firstBytesKept)
        firstBytes[at] = Buffer.concat([seen, chunk]).subarray(0, firstBytesKept);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new PosternError('NO_PORT', 'the recorder has no port');
  return {
    address: `127.0.0.1:${bound.port}`,
    firstBytes,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Real clients of other protocols, as they come to any open port: HTTP/1.1, WebSocket, TLS, and a line of JSON. */
export async function speakOtherProtocols(address: string): Promise<void> {
  const { hostname: host, port } = new URL(`http://${address}`);
  for (const path of ['/health', '/readyz', '/v1/enrol', '/nowhere?x=1'])
    await answered(host, port, 'GET', path);
  await answered(host, port, 'POST', '/v1/enrol/challenge', JSON.stringify({ node: 'cellar', key: 'U' }));
  await answered(host, port, 'GET', '/ws', undefined, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  });
  const tls = connectTls({
    host,
    port: Number(port),
    ALPNProtocols: ['h2', 'http/1.1'],
    servername: 'hub.example',
  });
  tls.on('error', () => {});
  await new Promise((resolve) => tls.on('close', resolve));
  const line = connect({ host, port: Number(port) });
  line.on('error', () => {});
  line.end('{"token":"none","node":"cellar","target":"127.0.0.1:22"}\n');
  line.resume();
  await new Promise((resolve) => line.on('close', resolve));
}

function answered(
  host: string,
  port: string,
  method: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<void> {
  return new Promise((resolve) => {
    const sent = request({ host, port, method, path, headers, agent: false });
    sent.on('error', () => {}).on('close', () => resolve());
    sent.on('response', (response) => response.resume());
    sent.end(body);
  });
}
