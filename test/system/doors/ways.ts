import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as tlsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';

/** What somebody shows at a door. */
export interface Shown {
  readonly token: string | undefined;
  /** Further fields, which try to say who calls. */
  readonly forged: Readonly<Record<string, string>>;
}

/** One door of the hub. `enter` tells what came of it: `served …`, `unauthenticated`, `denied`, or whatever else. */
export interface Way {
  readonly name: string;
  enter(shown: Shown): Promise<string>;
}

const node = { 'x-postern-node': 'cellar' };
const probe = '/doors.Probe/Enter';
const oneEmptyMessage = Buffer.alloc(5);
const grpcOutcomes = new Map([
  [0, 'served'],
  [7, 'denied'],
  [16, 'unauthenticated'],
]);
const httpOutcomes = new Map([
  [200, 'served'],
  [101, 'served'],
  [401, 'unauthenticated'],
  [403, 'denied'],
]);

/** All ways into a hub at `address` that take callers; `ca` is what its TLS is believed by. */
export function waysInto(address: string, ca: string): Way[] {
  const [host = '', port = ''] = address.split(':');
  const plain = `http://${address}`;
  const tls = `https://localhost:${port}`;
  const own = '/postern.v1.NodesService/ListNodes';
  return [
    { name: 'gRPC to a node', enter: (shown) => grpc(plain, ca, probe, node, shown) },
    { name: 'gRPC to a node over TLS', enter: (shown) => grpc(tls, ca, probe, node, shown) },
    {
      name: 'gRPC to a node, token as jwt',
      enter: (shown) => grpc(plain, ca, probe, node, shown, 'jwt'),
    },
    { name: 'gRPC to a service', enter: (shown) => grpc(plain, ca, '/service.Probe/Enter', {}, shown) },
    {
      name: 'gRPC to a service over TLS',
      enter: (shown) => grpc(tls, ca, '/service.Probe/Enter', {}, shown),
    },
    { name: "gRPC to the hub's own services", enter: (shown) => grpc(plain, ca, own, {}, shown) },
    { name: 'gRPC-web to a node', enter: (shown) => grpcWeb(plain, ca, probe, node, shown) },
    { name: 'gRPC-web to a node over TLS', enter: (shown) => grpcWeb(tls, ca, probe, node, shown) },
    {
      name: 'gRPC-web to a service',
      enter: (shown) => grpcWeb(plain, ca, '/service.Probe/Enter', {}, shown),
    },
    { name: 'HTTP to a service', enter: (shown) => http(plain, ca, shown) },
    { name: 'HTTP to a service over TLS', enter: (shown) => http(tls, ca, shown) },
    { name: 'HTTP/2 to a service over TLS', enter: (shown) => http2(tls, ca, shown) },
    { name: 'a WebSocket to a service', enter: (shown) => webSocket(`ws://${address}`, ca, shown) },
    {
      name: 'a WebSocket to a service over TLS',
      enter: (shown) => webSocket(`wss://localhost:${port}`, ca, shown),
    },
    { name: 'a forward', enter: (shown) => forward(host, Number(port), undefined, shown) },
    { name: 'a forward over TLS', enter: (shown) => forward('localhost', Number(port), ca, shown) },
  ];
}

function fields({ token, forged }: Shown, holder = 'authorization'): Record<string, string> {
  if (token === undefined) return { ...forged };
  return { [holder]: holder === 'jwt' ? token : `Bearer ${token}`, ...forged };
}

function grpc(
  origin: string,
  ca: string,
  path: string,
  more: Record<string, string>,
  shown: Shown,
  holder?: string,
): Promise<string> {
  return overHttp2(origin, ca, {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
    ...fields(shown, holder),
  });
}

function http2(origin: string, ca: string, shown: Shown): Promise<string> {
  return overHttp2(origin, ca, { ':path': '/web/page', ...fields(shown) });
}

async function overHttp2(origin: string, ca: string, headers: Record<string, string>): Promise<string> {
  const session = connectHttp2(origin, { ca });
  const stream = session.request(headers);
  const seen: Record<string, unknown> = {};
  stream.on('response', (head) => Object.assign(seen, head));
  stream.on('trailers', (trailers) => Object.assign(seen, trailers));
  stream.resume();
  stream.end(headers[':method'] === 'POST' ? oneEmptyMessage : undefined);
  await once(stream, 'close');
  session.close();
  const status = seen['grpc-status'];
  return status === undefined
    ? outcome(httpOutcomes, seen[':status'], seen['x-seen-as'])
    : outcome(grpcOutcomes, status, seen['x-seen-as']);
}

async function grpcWeb(
  origin: string,
  ca: string,
  path: string,
  more: Record<string, string>,
  shown: Shown,
): Promise<string> {
  const { headers, body } = await overHttp1(`${origin}${path}`, ca, 'POST', {
    'content-type': 'application/grpc-web+proto',
    ...more,
    ...fields(shown),
  });
  const said = (name: string) => headers[name] ?? new RegExp(`${name}: ?(.*)\r\n`, 'i').exec(body)?.[1];
  return outcome(grpcOutcomes, said('grpc-status'), said('x-seen-as'));
}

async function http(origin: string, ca: string, shown: Shown): Promise<string> {
  const { status, headers } = await overHttp1(`${origin}/web/page`, ca, 'GET', fields(shown));
  return outcome(httpOutcomes, status, headers['x-seen-as']);
}

async function overHttp1(url: string, ca: string, method: string, headers: Record<string, string>) {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  const sent = send(url, { ca, method, headers, agent: false });
  sent.end(method === 'POST' ? oneEmptyMessage : undefined);
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('latin1')) body += chunk;
  return { status: response.statusCode, headers: response.headers as Record<string, string>, body };
}

async function webSocket(origin: string, ca: string, shown: Shown): Promise<string> {
  const socket = new WebSocket(`${origin}/web/socket`, { ca, headers: fields(shown) });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(outcome(httpOutcomes, response.statusCode, undefined));
    });
    let seenAs: unknown;
    socket.on('upgrade', (response) => {
      seenAs = response.headers['x-seen-as'];
    });
    socket.on('close', () => resolve(outcome(httpOutcomes, 101, seenAs)));
  });
}

async function forward(host: string, port: number, ca: string | undefined, shown: Shown): Promise<string> {
  const socket =
    ca === undefined
      ? connectTcp(port, host)
      : connectTls({ host, port, ca, servername: host, ALPNProtocols: ['http/1.1'] });
  const request = { ...(shown.token === undefined ? {} : { token: shown.token }), node: 'cellar' };
  socket.write(`${JSON.stringify(request)}\n`);
  const [line] = await once(socket.setEncoding('utf8'), 'data');
  socket.destroy();
  const said: { ok: boolean; code?: string } = JSON.parse(String(line).split('\n')[0] ?? '');
  if (said.ok) return 'served';
  if (said.code === 'PERMISSION_DENIED') return 'denied';
  // Without any token the line is not one that asks for a forward.
  const nobody =
    said.code === 'UNAUTHENTICATED' || (shown.token === undefined && said.code === 'FORWARD_INVALID');
  return nobody ? 'unauthenticated' : String(said.code);
}

function outcome(known: ReadonlyMap<number, string>, status: unknown, seenAs: unknown): string {
  const word = known.get(Number(status)) ?? `status ${String(status)}`;
  return word === 'served' && seenAs !== undefined && seenAs !== '' ? `served ${String(seenAs)}` : word;
}
