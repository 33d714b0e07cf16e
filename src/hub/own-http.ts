import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import type { OwnPage } from '../own-page.js';
import { clientAddress, clientOf } from '../wire/client.js';
import { Http1Client, Http2Client, type HttpClient } from '../wire/http-proxy-client.js';
import { askForBody } from '../wire/http1-door.js';
import { goDuration } from './ago.js';
import type { FailedAttempts } from './attempts.js';
import { isCall } from './door/call-kinds.js';
import type { Enrolment, JsonAnswer } from './enrol.js';
import { fileAnswer, pageOf, rootAnswer } from './page-answer.js';

/** Longest body of a request, in bytes. */
const longestBody = 64 * 1024;
/** A body has to arrive within this time, in milliseconds. */
const bodyWithinMs = 10_000;

/** What the plain HTTP side of the front door needs. */
export interface OwnHttpOptions {
  readonly enrolment: Enrolment;
  readonly attempts: FailedAttempts;
  /** Why the hub is not ready; undefined: it is. */
  readonly notReady: () => string | undefined;
  readonly startedAtMs: number;
  /** Pages of other roles in this process. */
  readonly pages: readonly OwnPage[];
  readonly log: Logger;
}

/** A request, whatever version of HTTP it came by. */
interface Asked {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Address of the client. */
  readonly from: string;
  readonly body: Readable;
  /** Fields that are for a connection of HTTP/1.1 can be answered. */
  readonly http1: boolean;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Names and values of further fields; without `cache-control` among them, nobody may keep the answer. */
  readonly more?: readonly string[];
}

/** Where WebSockets are taken. */
const socketPaths = new Set(['/ws', '/nats']);
const ownPaths = new Set([
  '/health',
  '/healthz',
  '/readyz',
  '/v1/enrol/challenge',
  '/v1/enrol',
  ...socketPaths,
]);

/** Health and enrolment, over HTTP/1.1 and HTTP/2: clients that speak both choose the second within TLS. */
export class OwnHttp {
  readonly #options: OwnHttpOptions;

  constructor(options: OwnHttpOptions) {
    this.#options = options;
  }

  /** Answers any request. Never throws. */
  handleHttp1(request: IncomingMessage, response: ServerResponse): void {
    askForBody(request, response);
    const { method = '', url = '/' } = request;
    const asked = {
      method,
      path: pathOf(url),
      headers: request.headers,
      from: clientAddress(request),
      body: request,
      http1: true,
    };
    this.#take(asked, new Http1Client(request, response));
  }

  /** False: the request is none of those that are answered here. Never throws. */
  takeHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const path = pathOf(headers[':path'] ?? '/');
    if (isCall(headers) || !isOwn(this.#options, path, headers)) return false;
    const client = clientOf(stream.session);
    const from = client.addressIn(headers) ?? client.address;
    const asked = { method: headers[':method'] ?? '', path, headers, from, body: stream, http1: false };
    this.#take(asked, new Http2Client(stream));
    return true;
  }

  #take(asked: Asked, client: HttpClient): void {
    answer(this.#options, asked).then(
      (given) => send(client, asked.method, given),
      (thrown: unknown) => {
        this.#options.log.warn({ err: errorText(thrown) }, 'an HTTP request failed');
        client.cut();
      },
    );
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '/';
}

/** Whether a request over HTTP/2 is for what is answered here. */
function isOwn({ pages }: OwnHttpOptions, path: string, headers: IncomingHttpHeaders): boolean {
  return ownPaths.has(path) || pageAt(pages, path, headers) !== undefined;
}

/** The answer of a page; undefined: the path is in none. */
function pageAt(pages: readonly OwnPage[], path: string, headers: IncomingHttpHeaders): Answer | undefined {
  if (path === '/') return rootAnswer(pages, headers);
  const found = pageOf(pages, path);
  if (found === undefined) return undefined;
  const file = found.file(path);
  if (file !== undefined) return fileAnswer(file, headers);
  return refusal(404, 'NOT_FOUND', `there is no such file: the page is at ${found.path}`);
}

/** The same for a request of any method. */
function page({ pages }: OwnHttpOptions, { method, path, headers }: Asked): Answer | undefined {
  const given = pageAt(pages, path, headers);
  return given === undefined || method === 'GET' || method === 'HEAD' ? given : wrongMethod('GET, HEAD');
}

async function answer(options: OwnHttpOptions, asked: Asked): Promise<Answer> {
  const { method, path } = asked;
  if (socketPaths.has(path)) return noUpgrade(asked);
  const reads = method === 'GET' || method === 'HEAD';
  switch (path) {
    case '/health':
      if (!reads) return wrongMethod('GET, HEAD');
      return text(200, `uptime: ${goDuration(Date.now() - options.startedAtMs)}`);
    case '/healthz':
      if (!reads) return wrongMethod('GET, HEAD');
      return text(200, 'ok\n');
    case '/readyz': {
      if (!reads) return wrongMethod('GET, HEAD');
      const why = options.notReady();
      return why === undefined ? text(200, 'ready\n') : text(503, `not ready: ${why}\n`);
    }
    case '/v1/enrol/challenge':
    case '/v1/enrol':
      if (method !== 'POST') return wrongMethod('POST');
      return enrol(options, asked);
    default:
      return (
        page(options, asked) ??
        refusal(404, 'NOT_FOUND', 'there is nothing here; gRPC calls come over HTTP/2, or as gRPC-web')
      );
  }
}

/** A request for a WebSocket that lost its fields for that on the way, or a browser that looks on. */
function noUpgrade({ path, http1 }: Asked): Answer {
  const message = `only an upgrade to websocket over HTTP/1.1 is taken at ${path}: a proxy in between has to pass the headers Upgrade and Connection on`;
  return refusal(426, 'UPGRADE_MISSING', message, http1 ? ['upgrade', 'websocket'] : []);
}

async function enrol({ enrolment, attempts, notReady }: OwnHttpOptions, asked: Asked): Promise<Answer> {
  const { path, from, body: sent, http1 } = asked;
  const slowed = !attempts.mayTry(from);
  const body = await readJson(sent);
  if ('status' in body) {
    attempts.failed(from);
    // The rest of the body is not waited for.
    return json(body, http1 ? ['connection', 'close'] : []);
  }
  // Many share an address (NAT, a proxy before the hub): whoever holds a bound key must not be locked out by the others.
  if (slowed && !enrolment.namesBoundKey(body.value)) {
    const message = 'too many failed attempts from this address: try again later';
    return refusal(429, 'TOO_MANY_ATTEMPTS', message, ['retry-after', '10']);
  }
  const why = notReady();
  if (why !== undefined) return refusal(503, 'UNAVAILABLE', why);
  const result =
    path === '/v1/enrol' ? await enrolment.enrol(body.value) : enrolment.giveChallenge(body.value);
  if (result.status >= 400 && result.status < 500) attempts.failed(from);
  return json(result);
}

/** The body as JSON, or what to answer. */
async function readJson(body: Readable): Promise<{ value: unknown } | JsonAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => body.destroy(new Error('the body took too long')), bodyWithinMs);
  try {
    // What is left of a body that is too long is thrown away, and its connection kept for the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > longestBody) {
        return {
          status: 413,
          body: { code: 'INVALID', message: `the body is longer than ${longestBody} bytes` },
        };
      }
      chunks.push(chunk);
    }
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { status: 400, body: { code: 'INVALID', message: 'the body is not JSON' } };
  } finally {
    clearTimeout(timer);
  }
}

function send(client: HttpClient, method: string, { status, type, body, more = [] }: Answer): void {
  // What is not sent again has the type and the length that it had.
  const fields =
    status === 304 ? [] : ['content-type', type, 'content-length', String(Buffer.byteLength(body))];
  const bodyless = method === 'HEAD' || status === 304;
  const kept = more.includes('cache-control') ? [] : ['cache-control', 'no-store'];
  client.respond(status, [...fields, ...kept, ...more], bodyless);
  // What still arrives is thrown away, so that the exchange can come to its end.
  client.body.resume();
  if (bodyless || client.out.destroyed) return;
  client.out.write(body);
  client.finish([]);
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function json({ status, body }: JsonAnswer, more: readonly string[] = []): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n`, more };
}

function refusal(status: number, code: string, message: string, more: readonly string[] = []): Answer {
  return json({ status, body: { code, message } }, more);
}

function wrongMethod(allowed: string): Answer {
  return refusal(405, 'INVALID', `the method here is ${allowed}`, ['allow', allowed]);
}
