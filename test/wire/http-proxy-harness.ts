import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { type ExchangeEnd, HttpOrigin, type OriginTimeouts } from '../../src/wire/http-proxy.js';
import { answerError, Http1Client, Http2Client } from '../../src/wire/http-proxy-client.js';
import { readHttp1, readHttp2 } from '../../src/wire/http-proxy-head.js';
import { type Front, listenFront } from '../../src/wire/listener.js';
import { addressInfo, log, tcp } from './harness.js';

/** A front whose requests are all played into one origin. */
export interface ProxyUnderTest {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly origin: HttpOrigin;
  /** How exchanges ended, in order. */
  readonly ends: ExchangeEnd[];
  stop(): Promise<void>;
}

/** What the proxy says of every client. */
export const added = ['user_email', 'ann@example.org'];

/** Starts a front before the origin at `127.0.0.1:port`. */
export async function startProxy(port: number, timeouts: OriginTimeouts = {}): Promise<ProxyUnderTest> {
  const origin = new HttpOrigin({ name: 'under-test', address: { host: '127.0.0.1', port }, timeouts, log });
  const ends: ExchangeEnd[] = [];
  const hooks = { ended: (end: ExchangeEnd) => void ends.push(end) };
  const from = { client: '192.0.2.7', added };
  const front: Front = await listenFront({
    addresses: ['127.0.0.1:0'],
    log,
    onHttp1: (request, response, _listener, unbound) => {
      unbound();
      const client = new Http1Client(request, response);
      const read = readHttp1(request);
      if (read.ok) origin.play(read.head, from, client, hooks);
      else answerError(client, '', read);
    },
    onStream: (stream, headers, raw) => {
      const client = new Http2Client(stream);
      const read = readHttp2(stream, headers, raw);
      if (read.ok) origin.play(read.head, from, client, hooks);
      else answerError(client, '', read);
    },
    onUpgrade: (request, socket, head) => {
      const read = readHttp1(request);
      if (!read.ok) {
        socket.destroy();
        return;
      }
      const failed = ({ status, code }: { status: number; code: string }) =>
        socket.end(`HTTP/1.1 ${status} ${code}\r\n\r\n`);
      const nothing = (): void => {};
      origin.upgrade(read.head, from, socket, head, {
        opened: nothing,
        answered: nothing,
        closed: nothing,
        failed,
      });
    },
  });
  return {
    address: front.addresses[0] ?? '',
    origin,
    ends,
    stop: async () => {
      origin.close();
      await front.close();
    },
  };
}

/** An HTTP server of Node as origin. */
export async function startOrigin(
  listener: RequestListener,
): Promise<{ port: number; server: Server; stop(): void }> {
  const server = createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: addressInfo(server.address()).port,
    server,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A TCP server that keeps all bytes that it gets, and answers what it is told to. */
export interface RawOrigin {
  readonly port: number;
  /** All bytes of all connections, in the order of their arrival. */
  bytes(): string;
  readonly sockets: Socket[];
  stop(): void;
}

/** @param answer is sent for each header of a request; undefined: nothing is. */
export async function startRawOrigin(answer: string | undefined): Promise<RawOrigin> {
  let seen = '';
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let tail = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      const heads = (tail + chunk.toString('latin1')).split('\r\n\r\n');
      tail = heads.pop() ?? '';
      if (answer !== undefined) for (const _ of heads) socket.write(answer, 'latin1');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: addressInfo(server.address()).port,
    bytes: () => seen,
    sockets,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends bytes to a front and gives all that comes back until the connection is closed, or `enough` fits. */
export async function sendRaw(address: string, bytes: string, enough?: RegExp): Promise<string> {
  const socket = connect(tcp(address));
  let text = '';
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (enough?.test(text) === true) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.destroy();
  return text;
}

/** What came back over HTTP/2. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly trailers: Record<string, unknown>;
  readonly body: string;
  readonly rstCode: number;
  /** Statuses of interim responses. */
  readonly interim: number[];
}

/** One request over HTTP/2. */
export async function ask2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
  trailers?: OutgoingHttpHeaders,
): Promise<Http2Answer> {
  const stream = session.request(headers, {
    endStream: body === undefined,
    waitForTrailers: trailers !== undefined,
  });
  const seen: { headers: Record<string, unknown>; trailers: Record<string, unknown>; interim: number[] } = {
    headers: {},
    trailers: {},
    interim: [],
  };
  let text = '';
  stream.on('headers', (more) => seen.interim.push(Number(more[':status'])));
  stream.on('response', (more) => Object.assign(seen.headers, more));
  stream.on('trailers', (more) => Object.assign(seen.trailers, more));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  stream.on('error', () => {});
  if (body !== undefined) stream.end(body);
  await new Promise<void>((resolve) => stream.once('close', resolve));
  return { status: Number(seen.headers[':status'] ?? 0), ...seen, body: text, rstCode: stream.rstCode };
}

/** Opens an HTTP/2 connection to a front. */
export function open2(address: string): ClientHttp2Session {
  const session = connectHttp2(`http://${address}`);
  session.on('error', () => {});
  return session;
}
