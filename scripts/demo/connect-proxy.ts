/**
 * An HTTP proxy that takes CONNECT alone, with a login, to one port of this machine: for machines without tinyproxy.
 *
 * As a program: `DEMO_PROXY_LOGIN=USER:PASSWORD node connect-proxy.js PORT` prints a JSON line with `ready` and
 * `listen`, then a line for each request with the status of its answer.
 */
import { createServer } from 'node:http';
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';

const allowed = process.argv[2] ?? '';
const login = `Basic ${Buffer.from(process.env.DEMO_PROXY_LOGIN ?? '').toString('base64')}`;

const answers: Readonly<Record<number, string>> = {
  200: 'HTTP/1.1 200 Connection established\r\n\r\n',
  403: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  407: 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="demo"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  502: 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
};

const server = createServer((request, response) => {
  answered(405, `${request.method} ${request.url}`);
  response.writeHead(405).end();
});
server.on('connect', ({ url = '', headers }, client: Duplex, head: Buffer) => {
  const refuse = (status: number): void => {
    answered(status, `CONNECT ${url}`);
    client.end(answers[status]);
  };
  client.on('error', () => client.destroy());
  if (headers['proxy-authorization'] !== login) return refuse(407);
  const [, host = '', port] = /^(localhost|127\.0\.0\.1):(\d+)$/.exec(url) ?? [];
  if (port !== allowed) return refuse(403);
  const upstream = createConnection({ host, port: Number(port) });
  const unreachable = (): void => refuse(502);
  upstream.once('error', unreachable);
  upstream.once('connect', () => {
    upstream.off('error', unreachable);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const side of [client, upstream]) side.on('error', end).on('close', end);
    answered(200, `CONNECT ${url}`);
    client.write(answers[200] ?? '');
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });
});

function answered(status: number, request: string): void {
  process.stdout.write(`${status} ${request}\n`);
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) return;
  process.stdout.write(`${JSON.stringify({ ready: true, listen: `127.0.0.1:${address.port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
