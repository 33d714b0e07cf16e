import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import { request as secureRequest } from 'node:https';
import type { Readable, Writable } from 'node:stream';
import { type Field, fieldsOf } from '../differential/fields.js';
import { type Frames, framesOf, unbase64 } from './frames.js';

/** The versions of HTTP that gRPC-web comes over. */
export const versions = ['HTTP/1.1', 'HTTP/2'] as const;
export type Version = (typeof versions)[number];

/** How to call. */
export interface WebCallOptions {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly version: Version;
  readonly path: string;
  readonly method?: string;
  /** Default `application/grpc-web+proto`, or `-text`. */
  readonly contentType?: string;
  readonly headers?: readonly Field[];
  /** Base64 both ways. */
  readonly text?: boolean;
  /** Authority in PEM: TLS is spoken. */
  readonly ca?: string;
}

/** All that a client saw. */
export interface WebSaw extends Frames {
  readonly httpStatus: number;
  readonly fields: readonly Field[];
  /** The body, after base64. */
  readonly body: Buffer;
  /** The response did not come to its end. */
  readonly cut: boolean;
}

/** One call on a connection of its own: what came so far; the request is written to `out`. */
export class WebCall {
  readonly out: Writable;
  readonly chunks: Buffer[] = [];
  /** Status and header fields, as soon as they are there. */
  readonly head: Promise<{ status: number; fields: readonly Field[]; body: Readable }>;
  readonly over: Promise<WebSaw>;
  received = 0;
  readonly #abandon: () => void;

  constructor(
    out: Writable,
    head: Promise<{ status: number; fields: readonly Field[]; body: Readable }>,
    text: boolean,
    abandon: () => void,
  ) {
    this.out = out;
    this.head = head;
    this.#abandon = abandon;
    out.on('error', () => {});
    this.over = head.then(async ({ status, fields, body }) => {
      let cut = true;
      body.on('end', () => {
        cut = false;
      });
      body.on('data', (chunk: Buffer) => {
        this.chunks.push(chunk);
        this.received += chunk.length;
      });
      body.on('error', () => {});
      if (!body.closed) await new Promise((resolve) => body.once('close', resolve));
      abandon();
      const wire = Buffer.concat(this.chunks);
      const isText = fields.some(([name, value]) => name === 'content-type' && value.includes('-text'));
      const decoded = text && isText ? unbase64(wire.toString('latin1')) : wire;
      return { httpStatus: status, fields, body: decoded, cut: cut || wasReset(out), ...framesOf(decoded) };
    });
    this.over.catch(() => {});
  }

  /** Goes away at once. */
  abandon(): void {
    this.#abandon();
  }
}

/** Opens a call; nothing of the body is sent yet. */
export async function openWebCall(options: WebCallOptions): Promise<WebCall> {
  const text = options.text === true;
  const contentType = options.contentType ?? `application/grpc-web${text ? '-text' : ''}+proto`;
  const fields: Field[] = [['content-type', contentType], ...(options.headers ?? [])];
  return options.version === 'HTTP/2' ? byHttp2(options, fields, text) : byHttp1(options, fields, text);
}

/** Milliseconds within which a whole call must be over. */
const withinMs = 20_000;

/** A whole call; it is cut where it does not end. */
export async function webCall(options: WebCallOptions, body: Uint8Array | string): Promise<WebSaw> {
  const call = await openWebCall(options);
  const plain = typeof body === 'string' || options.text !== true;
  call.out.end(plain ? body : Buffer.from(body).toString('base64'));
  const timer = setTimeout(() => call.abandon(), withinMs);
  try {
    return await call.over;
  } finally {
    clearTimeout(timer);
  }
}

function byHttp1(options: WebCallOptions, fields: readonly Field[], text: boolean): WebCall {
  const send = options.ca === undefined ? request : secureRequest;
  const scheme = options.ca === undefined ? 'http' : 'https';
  const headers: Record<string, string[]> = {};
  for (const [name, value] of fields) headers[name] = [...(headers[name] ?? []), value];
  const sent = send(`${scheme}://${options.address}${options.path}`, {
    method: options.method ?? 'POST',
    agent: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    headers: { ...headers, connection: 'close' },
  });
  sent.setNoDelay(true);
  const head = once(sent, 'response').then(([response]) => ({
    status: response.statusCode,
    fields: fieldsOf(response.rawHeaders).map(([name, value]): Field => [name.toLowerCase(), value]),
    body: response,
  }));
  head.catch(() => {});
  return new WebCall(sent, head, text, () => sent.destroy());
}

async function byHttp2(options: WebCallOptions, fields: readonly Field[], text: boolean): Promise<WebCall> {
  const scheme = options.ca === undefined ? 'http' : 'https';
  const session = connect(`${scheme}://${options.address}`, {
    maxSessionMemory: 1_000,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  const headers: Record<string, string | string[]> = {
    ':method': options.method ?? 'POST',
    ':path': options.path,
  };
  for (const [name, value] of fields) {
    const earlier = headers[name];
    headers[name] =
      earlier === undefined ? value : [...(typeof earlier === 'string' ? [earlier] : earlier), value];
  }
  const stream = session.request(headers, { endStream: false });
  stream.on('error', () => {});
  const head = new Promise<{ status: number; fields: readonly Field[]; body: Readable }>(
    (resolve, reject) => {
      stream.once(
        'response',
        (told: IncomingHttpHeaders & IncomingHttpStatusHeader, _flags: number, raw: string[]) =>
          resolve({ status: Number(told[':status']), fields: fieldsOf(raw), body: stream }),
      );
      stream.once('close', () => reject(new Error('the stream was closed without a response')));
    },
  );
  head.catch(() => {});
  return new WebCall(stream, head, text, () => session.destroy());
}

/** A stream of HTTP/2 ends for its reader too where it was reset. */
function wasReset(out: Writable): boolean {
  return 'rstCode' in out && out.rstCode !== undefined && out.rstCode !== 0;
}
