import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { type Field, fieldsOf, valuesOf } from './fields.js';
import { RawBlockSocket, type Replacements } from './raw-blocks.js';
import { roomyOptions } from './server.js';

/** A header block as it came. */
export interface Block {
  readonly fields: readonly Field[];
  /** The frame had END_STREAM. */
  readonly endStream: boolean;
  /** When it came, `performance.now()`. */
  readonly atMs: number;
}

/** All that a client can see of a call. */
export interface ClientSaw {
  readonly head: Block | undefined;
  readonly body: Buffer;
  readonly trailers: Block | undefined;
  /** HTTP/2 code that the stream was closed with. */
  readonly rst: number;
}

/** One call of a raw client: what came so far; the request is written to `stream`. */
export class RawCall {
  readonly stream: ClientHttp2Stream;
  head: Block | undefined;
  readonly chunks: Buffer[] = [];
  /** Bytes of the response so far. */
  received = 0;
  trailers: Block | undefined;
  /** Resolves when the stream is closed, however it was. */
  readonly closed: Promise<ClientSaw>;

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    const block = (raw: readonly string[], flags: number): Block => ({
      fields: fieldsOf(raw),
      endStream: (flags & 1) !== 0,
      atMs: performance.now(),
    });
    stream.on('response', (_headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      this.head = block(raw, flags);
    });
    stream.on('trailers', (_headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      this.trailers = block(raw, flags);
    });
    stream.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.received += chunk.length;
    });
    stream.on('error', () => {});
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        const { head, trailers } = this;
        resolve({ head, body: Buffer.concat(this.chunks), trailers, rst: stream.rstCode ?? 0 });
      });
    });
  }

  /** Values of a name in the block that ended the call. */
  ended(name: string): string[] {
    return valuesOf((this.trailers ?? this.head)?.fields ?? [], name);
  }

  /** RST_STREAM. */
  reset(code: number): void {
    this.stream.close(code);
  }
}

/** A raw HTTP/2 client on one connection, which sends header fields exactly as they are given. */
export class RawClient {
  readonly session: ClientHttp2Session;
  readonly #replacements: Replacements;

  private constructor(session: ClientHttp2Session, replacements: Replacements) {
    this.session = session;
    this.#replacements = replacements;
  }

  /** Connects to `HOST:PORT`; resolves when the server's SETTINGS are there. */
  static async connect(address: string): Promise<RawClient> {
    const colon = address.lastIndexOf(':');
    const socket = connectTcp(Number(address.slice(colon + 1)), address.slice(0, colon));
    await once(socket, 'connect');
    const replacements: Replacements = new Map();
    const session = connect(`http://${address}`, {
      ...roomyOptions,
      createConnection: () => new RawBlockSocket(socket, replacements, 'client'),
    });
    session.on('error', () => {});
    await once(session, 'remoteSettings');
    return new RawClient(session, replacements);
  }

  /** False when calls can be opened no more. */
  get usable(): boolean {
    return !this.session.destroyed && !this.session.closed;
  }

  /** Opens a call with exactly these fields, pseudo-headers first. `endStream`: the header block ends the request. */
  open(fields: readonly Field[], endStream = false): RawCall {
    const stream = this.session.request({ ':method': 'POST', ':path': '/' }, { endStream });
    const { id } = stream;
    if (id === undefined) throw new Error('the connection is not ready');
    this.#replacements.set(id, [fields]);
    stream.once('close', () => this.#replacements.delete(id));
    return new RawCall(stream);
  }

  close(): void {
    this.session.destroy();
  }
}
