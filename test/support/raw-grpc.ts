import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';

/** An HTTP/2 server in this process, that shows what an agent does to its streams. */
export interface RawServer {
  readonly address: string;
  /** Streams that are open. */
  readonly open: ReadonlySet<ServerHttp2Stream>;
  stop(): void;
}

/**
 * `/raw.Test/Echo` answers with the request as it comes; `/raw.Test/Flow` sends zeros without end; `Drip` reads 20 MB/s
 * and ends with the request; `Unread` does not read; any other method reads, answers with headers and is silent then.
 */
export async function startRawServer(): Promise<RawServer> {
  const open = new Set<ServerHttp2Stream>();
  // Node's own limit of 10 MB would have the server refuse calls when many are not read.
  const server = createServer({ maxSessionMemory: 1_000 });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    open.add(stream);
    stream.on('error', () => {}).on('close', () => open.delete(stream));
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    const path = headers[':path'];
    if (path === '/raw.Test/Echo') stream.pipe(stream);
    else if (path === '/raw.Test/Drip') void readAt(stream, 20_000_000);
    else if (path !== '/raw.Test/Unread') stream.resume();
    if (path === '/raw.Test/Flow') flow(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    open,
    stop() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}

/**
 * Reads a stream at so many bytes a second to its end, then ends its other direction; resolves to the bytes read, also
 * where the stream was cut.
 */
export async function readAt(stream: Duplex, bytesPerSecond: number): Promise<number> {
  const since = performance.now();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    const aheadMs = since + (bytes / bytesPerSecond) * 1_000 - performance.now();
    if (aheadMs < 5) return;
    stream.pause();
    timer = setTimeout(() => stream.resume(), aheadMs);
  });
  await new Promise<void>((resolve) => stream.once('end', resolve).once('close', resolve));
  clearTimeout(timer);
  if (stream.writable) stream.end();
  return bytes;
}

function flow(stream: ServerHttp2Stream): void {
  const zeros = Buffer.alloc(65_536);
  const more = (): void => {
    // enough that the server is never what others wait for
    while (stream.writable && stream.writableLength < 262_144) stream.write(zeros, more);
  };
  more();
}

/** A call that bypasses every gRPC library, and what has become of it. */
export interface RawCall {
  readonly stream: ClientHttp2Stream;
  bytes: number;
  /** `grpc-status`; undefined until the call is over, and where it ended without one. */
  status: string | undefined;
  message: string | undefined;
  readonly over: Promise<void>;
}

/** Opens a call of a method of `raw.Test`; `body` is all of the request, undefined leaves it open. */
export function rawCall(
  session: ClientHttp2Session,
  method: string,
  metadata: Record<string, string>,
  body?: Uint8Array,
): RawCall {
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': `/raw.Test/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...metadata,
    },
    { endStream: false },
  );
  const over = new Promise<void>((resolve) => stream.on('close', resolve));
  const call: RawCall = { stream, bytes: 0, status: undefined, message: undefined, over };
  const ended = (headers: IncomingHttpHeaders): void => {
    if (headers['grpc-status'] === undefined) return;
    call.status = String(headers['grpc-status']);
    call.message = String(headers['grpc-message'] ?? '');
  };
  stream
    .on('error', () => {})
    .on('response', ended)
    .on('trailers', ended);
  stream.on('data', (chunk: Buffer) => {
    call.bytes += chunk.length;
  });
  if (body !== undefined) stream.end(body);
  return call;
}
