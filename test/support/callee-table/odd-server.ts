import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

/** An HTTP/2 server in this process that does whatever the path of a call says, also what no gRPC server does. */
export interface OddServer {
  readonly address: string;
  /** Calls that are open, by the value of their `x-call`. */
  readonly open: ReadonlyMap<string, ServerHttp2Stream>;
  /** Codes of RST_STREAM with which calls ended, by `x-call`; 0 for none. */
  readonly ended: ReadonlyMap<string, number>;
  stop(): void;
}

type Answer = (stream: ServerHttp2Stream, argument: string, rawHeaders: readonly string[]) => void;

const head = { ':status': 200, 'content-type': 'application/grpc' };

/** What `/odd.Test/<name>[-<argument>]` does. */
const answers: Readonly<Record<string, Answer>> = {
  /** Sends the request back as it comes. */
  Echo: (stream) => {
    begin(stream, { 'grpc-status': '0' });
    stream.pipe(stream);
  },
  /** Sends the header block of the request back as JSON, with values of one name in the head and in the trailers. */
  Headers: (stream, _argument, rawHeaders) => {
    stream.resume();
    const trailers = { 'grpc-status': '0', 'x-end': ['3', '1', '2'], 'x-end-bin': ['AAE=', 'AAI='] };
    begin(stream, trailers, { 'x-head': ['b', 'a', 'c'], 'x-head-bin': ['/w==', '/g=='] });
    stream.end(JSON.stringify(rawHeaders));
  },
  /** Answers once the request has ended, with its length. */
  Count: (stream) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    stream.on('end', () => {
      begin(stream, { 'grpc-status': '0' });
      stream.end(String(bytes));
    });
  },
  /** Sends so many bytes. */
  Bytes: (stream, argument) => {
    stream.resume();
    begin(stream, { 'grpc-status': '0' });
    stream.end(Buffer.alloc(Number(argument), 7));
  },
  /** Sends zeros without end. */
  Flow: (stream) => {
    stream.resume();
    begin(stream, { 'grpc-status': '0' });
    const more = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(65_536))) {
        // until it must wait
      }
    };
    stream.on('drain', more);
    more();
  },
  /** Answers with a status alone, in one header block. */
  TrailersOnly: (stream, argument) => {
    stream.respond(
      { ...head, 'grpc-status': argument, 'grpc-message': 'as%20asked', 'x-only': ['2', '1'] },
      { endStream: true },
    );
  },
  /** Answers in full though the request goes on. */
  Early: (stream) => {
    stream.resume();
    begin(stream, { 'grpc-status': '0' });
    stream.end('early');
  },
  /** Sends a head, then nothing. */
  Hang: (stream) => {
    stream.resume();
    begin(stream, { 'grpc-status': '0' });
  },
  /** Sends a head, and reads nothing. */
  Stall: (stream) => begin(stream, { 'grpc-status': '0' }),
  /** Sends nothing at all. */
  Silent: (stream) => {
    stream.resume();
  },
  /** Resets the call at once. */
  Reset: (stream, argument) => stream.close(Number(argument)),
  /** Resets the call after a head and some bytes. */
  ResetLate: (stream, argument) => {
    begin(stream, { 'grpc-status': '0' });
    stream.write('some', () => stream.close(Number(argument)));
  },
  /** Answers as a plain HTTP server does. */
  Http: (stream, argument) => {
    stream.respond({ ':status': Number(argument), 'content-type': 'text/html' });
    stream.end('<p>no gRPC here</p>');
  },
  /** Ends the answer without a status. */
  NoStatus: (stream) => {
    stream.resume();
    stream.respond(head);
    stream.end('some');
  },
};

function begin(
  stream: ServerHttp2Stream,
  trailers: Record<string, string | string[]>,
  more: Record<string, string[]> = {},
): void {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond({ ...head, ...more }, { waitForTrailers: true });
}

/** Starts it on a free port. */
export async function startOddServer(): Promise<OddServer> {
  const open = new Map<string, ServerHttp2Stream>();
  const ended = new Map<string, number>();
  const sessions = new Set<{ destroy(): void }>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.on(
    'stream',
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
      const id = String(headers['x-call'] ?? '');
      open.set(id, stream);
      stream
        .on('error', () => {})
        .on('close', () => {
          open.delete(id);
          ended.set(id, stream.rstCode ?? 0);
        });
      const [name = '', argument = ''] = String(headers[':path']).replace('/odd.Test/', '').split('-');
      const answer = answers[name];
      if (answer !== undefined) answer(stream, argument, rawHeaders);
      else stream.respond({ ...head, 'grpc-status': '12' }, { endStream: true });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    open,
    ended,
    stop() {
      server.close();
      for (const session of sessions) session.destroy();
    },
  };
}
