import { once } from 'node:events';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { type Field, fieldsOf, valuesOf } from './fields.js';
import { RawBlockSocket, type Replacements } from './raw-blocks.js';

/** Room for everything that a case may send; Node's own limits are not what is tested. */
export const roomyOptions = {
  maxSessionMemory: 1_000,
  maxHeaderListPairs: 4_000,
  maxSendHeaderBlockLength: 1_048_576,
  maxDeflateDynamicTableSize: 0,
  settings: { maxHeaderListSize: 1_048_576, initialWindowSize: 1_048_576 },
} as const;

/** What a server knows of a call when it is over. */
export interface ServerSaw {
  /** All fields of the request, pseudo-headers too, as they came. */
  readonly fields: readonly Field[];
  readonly body: Buffer;
  /** The client ended the request. */
  readonly halfClosed: boolean;
  /** HTTP/2 code that the stream was closed with; 8 when the client cancelled. */
  readonly rst: number;
}

/** One call at the scripted server: what came so far, and how to answer with any header fields. */
export class ServedCall {
  readonly stream: ServerHttp2Stream;
  /** All fields of the request, pseudo-headers too, as they came. */
  readonly fields: readonly Field[];
  readonly chunks: Buffer[] = [];
  /** Bytes of the request so far. */
  received = 0;
  halfClosed = false;
  /** Resolves with the whole body when the client has half-closed. */
  readonly requestEnd: Promise<Buffer>;
  /** Resolves when the stream is closed, however it was. */
  readonly closed: Promise<ServerSaw>;
  readonly #blocks: (readonly Field[])[] = [];
  #trailers: readonly Field[] = [];

  constructor(stream: ServerHttp2Stream, raw: readonly string[], replacements: Replacements) {
    this.stream = stream;
    this.fields = fieldsOf(raw);
    replacements.set(stream.id ?? 0, this.#blocks);
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.received += chunk.length;
    });
    this.requestEnd = new Promise((resolve) => {
      stream.on('end', () => {
        this.halfClosed = !stream.aborted;
        resolve(Buffer.concat(this.chunks));
      });
    });
    stream.on('wantTrailers', () => {
      this.#blocks.push(this.#trailers);
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    this.closed = new Promise((resolve) => {
      stream.on('close', () => {
        replacements.delete(stream.id ?? 0);
        const { fields, halfClosed } = this;
        resolve({ fields, body: Buffer.concat(this.chunks), halfClosed, rst: stream.rstCode ?? 0 });
      });
    });
  }

  /** Values of a request header, in order. */
  values(name: string): string[] {
    return valuesOf(this.fields, name);
  }

  /** Sends the response's header block. Default: what gRPC servers send. `:status` 200 where none is given. */
  head(fields: readonly Field[] = [['content-type', 'application/grpc']]): void {
    this.#respond(fields, false);
  }

  /** Sends message bytes; resolves when they were handed to the connection. */
  data(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Ends the response with trailers, after all data. Default: status OK. */
  trailers(fields: readonly Field[] = [['grpc-status', '0']]): void {
    this.#trailers = fields;
    this.stream.end();
  }

  /** Answers with one header block that ends the stream. */
  trailersOnly(fields: readonly Field[]): void {
    this.#respond([['content-type', 'application/grpc'], ...fields], true);
  }

  /** Answers with exactly these fields and ends the stream, with no status unless one is among them. */
  only(fields: readonly Field[]): void {
    this.#respond(fields, true);
  }

  /** RST_STREAM. */
  reset(code: number): void {
    this.stream.close(code);
  }

  #respond(fields: readonly Field[], endStream: boolean): void {
    const status: readonly Field[] = fields.some(([name]) => name === ':status') ? [] : [[':status', '200']];
    this.#blocks.push([...status, ...fields]);
    const options = { endStream, waitForTrailers: !endStream, sendDate: false };
    this.stream.respond({ ':status': 200 }, options);
  }
}

/** What a server does with a call. */
export type Scenario = (call: ServedCall) => void | Promise<void>;

/** A scenario that begins when the whole request is there, so that nothing of the request is left to chance. */
export function afterRequest(scenario: Scenario): Scenario {
  return async (call) => {
    await call.requestEnd;
    await scenario(call);
  };
}

/** An HTTP/2 server without TLS that plays one scenario per path. */
export interface ScriptedServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Connections that are open. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Plays `scenario` for this path; resolves with the call when it comes. */
  expect(path: string, scenario: Scenario): Promise<ServedCall>;
  stop(): Promise<void>;
}

/** Starts a scripted server. A path that nobody expects is answered with UNIMPLEMENTED. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const expected = new Map<string, { scenario: Scenario; came: (call: ServedCall) => void }>();
  const sessions = new Set<ServerHttp2Session>();
  const http2 = createHttp2Server({ ...roomyOptions });
  http2.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  http2.on('sessionError', () => {});

  const take = (socket: Socket): void => {
    const replacements: Replacements = new Map();
    const wrapped = new RawBlockSocket(socket, replacements, 'server');
    const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) => {
      const call = new ServedCall(stream, raw, replacements);
      const found = expected.get(headers[':path'] ?? '');
      if (found === undefined) {
        call.trailersOnly([
          ['grpc-status', '12'],
          ['grpc-message', 'nobody expects this'],
        ]);
        return;
      }
      found.came(call);
      Promise.resolve(found.scenario(call)).catch((thrown: unknown) => {
        if (!stream.destroyed) stream.destroy(thrown instanceof Error ? thrown : undefined);
      });
    };
    http2.once('session', (session: ServerHttp2Session) => {
      session.on(
        'stream',
        (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) =>
          onStream(stream, headers, raw),
      );
    });
    http2.emit('connection', wrapped);
  };
  const tcp = createServer(take);
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const bound = tcp.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '',
    sessions,
    expect: (path, scenario) =>
      new Promise((resolve) => {
        expected.set(path, { scenario, came: resolve });
      }),
    async stop() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}
