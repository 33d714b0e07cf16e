import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createLogger } from '../../src/log.js';
import type { CallTarget } from '../../src/rpc/call.js';
import { type Address, parseAddress } from '../../src/wire/address.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import { type Front, type FrontOptions, listenFront } from '../../src/wire/listener.js';
import { refuseRequest } from '../../src/wire/refuse.js';
import { readRequest } from '../../src/wire/request.js';
import { type CallResult, serveCall } from '../../src/wire/serve-call.js';

export const log = createLogger('silent');

/** A front that serves every call with one target. */
export interface TestFront extends Front {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** How calls ended, in order. */
  readonly results: CallResult[];
}

export async function startFront(
  target: CallTarget,
  options: Partial<FrontOptions> = {},
): Promise<TestFront> {
  const results: CallResult[] = [];
  const front = await listenFront({
    addresses: ['127.0.0.1:0'],
    log,
    onHttp1: (_request, response) => response.end('hello over HTTP/1.1\n'),
    onStream: (stream, headers, rawHeaders) => {
      const request = readRequest(headers, rawHeaders);
      if (!request.ok) refuseRequest(stream, request);
      else serveCall(stream, { ...request.head, caller: '' }, target, { ended: (end) => results.push(end) });
    },
    ...options,
  });
  const [address = ''] = front.addresses;
  return { ...front, address, results };
}

/** A raw HTTP/2 server and its port. */
export interface RawServer {
  readonly address: Address;
  readonly sessions: Set<ServerHttp2Session>;
  close(): Promise<void>;
}

export async function startRawServer(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) => void,
  options: Parameters<typeof createServer>[0] = {},
): Promise<RawServer> {
  const server = createServer({ maxHeaderListPairs: 4_000, maxSendHeaderBlockLength: 1_048_576, ...options });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('sessionError', () => {});
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
      stream.on('error', () => {});
      onStream(stream, headers, raw);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port }: AddressInfo = addressInfo(server.address());
  return {
    address: { host: '127.0.0.1', port },
    sessions,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
}

export function addressInfo(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not a TCP address');
  return address;
}

/** A front, an upstream and a raw server behind it, with a raw client in front. */
export async function startChain(
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[]) => void,
): Promise<{
  front: TestFront;
  upstream: Http2Upstream;
  server: RawServer;
  client: ClientHttp2Session;
  stop(): Promise<void>;
}> {
  const server = await startRawServer(onStream);
  const upstream = new Http2Upstream({ address: server.address });
  const front = await startFront(upstream);
  const client = await rawClient(front.address);
  return {
    front,
    upstream,
    server,
    client,
    stop: async () => {
      client.destroy();
      await front.close();
      upstream.close();
      await server.close();
    },
  };
}

export async function rawClient(address: string, socket?: Socket): Promise<ClientHttp2Session> {
  const { host, port } = tcp(address);
  const client = connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    maxHeaderListPairs: 4_000,
    maxSendHeaderBlockLength: 1_048_576,
    settings: { maxHeaderListSize: 1_048_576 },
    ...(socket === undefined ? {} : { createConnection: () => socket }),
  });
  client.on('error', () => {});
  await once(client, 'remoteSettings');
  return client;
}

export function tcp(address: string): { host: string; port: number } {
  const parsed = parseAddress(address);
  if ('path' in parsed) throw new Error('not a TCP address');
  return parsed;
}

export function requestHeaders(more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':path': '/test.Service/Method',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
}

/** One header block as it came. */
export interface Block {
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly endStream: boolean;
}

/** All that a raw client saw of one call. */
export interface Seen {
  head: Block | undefined;
  readonly chunks: Buffer[];
  trailers: Block | undefined;
  /** Set when the stream is closed. */
  rstCode: number | undefined;
}

/** Records what a stream brings, until it is closed. */
export function watch(stream: ClientHttp2Stream): { seen: Seen; closed: Promise<Seen> } {
  const seen: Seen = { head: undefined, chunks: [], trailers: undefined, rstCode: undefined };
  const block = (headers: IncomingHttpHeaders, flags: number, raw: readonly string[]): Block => ({
    headers,
    raw,
    endStream: (flags & 1) !== 0,
  });
  stream.on('response', (headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
    seen.head = block(headers, flags, raw);
  });
  stream.on('trailers', (headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
    seen.trailers = block(headers, flags, raw);
  });
  stream.on('data', (chunk: Buffer) => seen.chunks.push(chunk));
  stream.on('error', () => {});
  const closed = new Promise<Seen>((resolve) => {
    stream.once('close', () => {
      seen.rstCode = stream.rstCode;
      resolve(seen);
    });
  });
  return { seen, closed };
}

/** One whole call with an optional body. */
export function call(
  client: ClientHttp2Session,
  more: OutgoingHttpHeaders = {},
  body?: Buffer,
): Promise<Seen> {
  const stream = client.request(requestHeaders(more), { endStream: false });
  const { closed } = watch(stream);
  stream.end(body);
  return closed;
}

/** Values of a name in a raw header list, in order. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) if (raw[i] === name) values.push(raw[i + 1] ?? '');
  return values;
}

/** Waits until something is true, at most `timeoutMs`. */
export async function until(condition: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
