import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Logger } from '../../log.js';
import { clientAddress, clientOf } from '../../wire/client.js';
import { askForBody } from '../../wire/http1-door.js';
import { type Front, listenFront } from '../../wire/listener.js';
import type { TlsIdentity } from '../../wire/tls-identity.js';
import type { Sender } from './consent.js';
import { safeFields } from './pages.js';

/** The largest form that is read, in bytes. */
const mostBodyBytes = 8_192;
/** A form has so long to come, in milliseconds. */
const bodyWithinMs = 10_000;
const connections = 2_000;
const connectionsPerAddress = 200;

/** A request that was read. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** Of the body, without parameters. */
  readonly contentType: string;
  /** The page that it comes from, as a browser says. */
  readonly sender: Sender;
  readonly body: string;
}

/** What is answered to it. */
export interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Who answers. */
export interface Answering {
  readonly answer: (asked: Asked) => Promise<Answer>;
  /** Whether the client at an address may ask now. */
  readonly admits: (address: string) => boolean;
  readonly log: Logger;
}

/** Listens for HTTP/1.1 and HTTP/2. Throws what `listenFront` throws. */
export function openDoor(
  { listen, tls }: { readonly listen: string; readonly tls: TlsIdentity | undefined },
  answering: Answering,
): Promise<Front> {
  return listenFront({
    addresses: [listen],
    ...(tls === undefined ? {} : { tls }),
    log: answering.log,
    limits: { connections, connectionsPerAddress },
    onHttp1: (request, response) => void overHttp1(request, response, answering),
    onStream: (stream, headers) => void overHttp2(stream, headers, answering),
  });
}

async function overHttp1(
  request: IncomingMessage,
  response: ServerResponse,
  answering: Answering,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  request.on('error', () => {});
  const asked = { method, url, type: headers['content-type'], sender: senderOf(headers, headers.host) };
  const made = await answerTo(asked, request, {
    ...answering,
    address: clientAddress(request),
    begin: () => askForBody(request, response),
  });
  const body = Buffer.from(made.body);
  // What was not read of a request would be taken for the next one.
  const close = request.complete ? {} : { connection: 'close' };
  response.writeHead(made.status, { ...made.fields, ...close, 'content-length': body.length }).end(body);
}

async function overHttp2(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  answering: Answering,
): Promise<void> {
  stream.on('error', () => {});
  const { ':method': method = '', ':path': url = '', 'content-type': type } = headers;
  const sender = senderOf(headers, headers[':authority'] ?? headers.host);
  const made = await answerTo({ method, url, type, sender }, stream, {
    ...answering,
    address: clientOf(stream.session).addressIn(headers) ?? '',
    begin: () => {},
  });
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': made.status, ...made.fields });
  stream.end(made.body);
}

/** A request, before its body is read. */
interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly type: string | undefined;
  readonly sender: Sender;
}

function senderOf(headers: IncomingHttpHeaders, host: string | undefined): Sender {
  return { site: headers['sec-fetch-site']?.toString(), origin: headers.origin, host };
}

/** Never rejects. */
async function answerTo(
  { method, url, type = '', sender }: Arrived,
  source: Readable,
  { answer, admits, log, address, begin }: Answering & { address: string; begin: () => void },
): Promise<Answer> {
  try {
    if (!admits(address)) {
      log.warn({ from: address }, 'too many requests of one client');
      return plain(429, 'too many requests: wait a little', { 'retry-after': '1' });
    }
    begin();
    const body = method === 'POST' ? await readBody(source) : '';
    if (body === undefined) return plain(413, `a form has at most ${mostBodyBytes} bytes, and comes in time`);
    const [path = '', query = ''] = splitAt(url, '?');
    const [contentType = ''] = splitAt(type, ';');
    const media = contentType.trim().toLowerCase();
    const made = await answer({ method, path, query, contentType: media, sender, body });
    return { ...made, fields: { ...safeFields, ...made.fields } };
  } catch (thrown) {
    log.error({ err: thrown }, 'a request could not be answered');
    return plain(500, 'the token server failed; its log says why');
  }
}

/** Undefined where it is too large, breaks off, or does not come to an end. */
function readBody(source: Readable): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (text: string | undefined): void => {
      clearTimeout(timer);
      source.off('data', take).off('end', done).off('close', broken);
      source.pause();
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > mostBodyBytes) end(undefined);
      else chunks.push(chunk);
    };
    const done = (): void => end(Buffer.concat(chunks).toString('utf8'));
    const broken = (): void => end(undefined);
    const timer = setTimeout(broken, bodyWithinMs);
    source.on('data', take).on('end', done).on('close', broken);
  });
}

/** A line of text. */
export function plain(status: number, why: string, fields: Readonly<Record<string, string>> = {}): Answer {
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  return { status, fields: { ...safeFields, ...type, ...fields }, body: `${why}\n` };
}

function splitAt(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
