import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import { clientAddress } from '../wire/client.js';
import { askForBody } from '../wire/http1-door.js';
import type { FrontOptions } from '../wire/listener.js';
import { goDuration } from './ago.js';
import type { FailedAttempts } from './attempts.js';
import type { WebDoor } from './door/grpc-web.js';
import type { Enrolment, JsonAnswer } from './enrol.js';

/** Longest body of a request, in bytes. */
const longestBody = 64 * 1024;
/** A body has to arrive within this time, in milliseconds. */
const bodyWithinMs = 10_000;

/** What the plain HTTP side of the front door needs. */
export interface Http1Options {
  readonly web: WebDoor;
  readonly enrolment: Enrolment;
  readonly attempts: FailedAttempts;
  /** Why the hub is not ready; undefined: it is. */
  readonly notReady: () => string | undefined;
  readonly startedAtMs: number;
  readonly log: Logger;
}

/** Health and enrolment over HTTP/1.1, and gRPC-web. */
export function http1Listener(options: Http1Options): FrontOptions['onHttp1'] {
  return (request, response, listener, unbound) => {
    if (options.web.takeHttp1(request, response, listener, unbound)) return;
    askForBody(request, response);
    answer(options, request, response).catch((thrown: unknown) => {
      options.log.warn({ err: errorText(thrown) }, 'an HTTP request failed');
      response.destroy();
    });
  };
}

async function answer(
  options: Http1Options,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => {});
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const reads = request.method === 'GET' || request.method === 'HEAD';
  switch (path) {
    case '/health':
      if (!reads) return wrongMethod(response, 'GET, HEAD');
      return text(response, 200, `uptime: ${goDuration(Date.now() - options.startedAtMs)}`);
    case '/healthz':
      if (!reads) return wrongMethod(response, 'GET, HEAD');
      return text(response, 200, 'ok\n');
    case '/readyz': {
      if (!reads) return wrongMethod(response, 'GET, HEAD');
      const why = options.notReady();
      return why === undefined ? text(response, 200, 'ready\n') : text(response, 503, `not ready: ${why}\n`);
    }
    case '/v1/enrol/challenge':
    case '/v1/enrol':
      if (request.method !== 'POST') return wrongMethod(response, 'POST');
      return enrol(options, path, request, response);
    default:
      return json(response, {
        status: 404,
        body: {
          code: 'NOT_FOUND',
          message: 'there is nothing here; gRPC calls come over HTTP/2, or as gRPC-web',
        },
      });
  }
}

async function enrol(
  { enrolment, attempts, notReady }: Http1Options,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const from = clientAddress(request);
  const slowed = !attempts.mayTry(from);
  const body = await readJson(request);
  if ('status' in body) {
    attempts.failed(from);
    // The rest of the body is not waited for.
    response.setHeader('connection', 'close');
    return json(response, body);
  }
  // Many share an address (NAT, a proxy before the hub): whoever holds a bound key must not be locked out by the others.
  if (slowed && !enrolment.namesBoundKey(body.value)) {
    response.setHeader('retry-after', '10');
    return json(response, {
      status: 429,
      body: {
        code: 'TOO_MANY_ATTEMPTS',
        message: 'too many failed attempts from this address: try again later',
      },
    });
  }
  const why = notReady();
  if (why !== undefined) return json(response, { status: 503, body: { code: 'UNAVAILABLE', message: why } });
  const result =
    path === '/v1/enrol' ? await enrolment.enrol(body.value) : enrolment.giveChallenge(body.value);
  if (result.status >= 400 && result.status < 500) attempts.failed(from);
  json(response, result);
}

/** The body as JSON, or what to answer. */
async function readJson(request: IncomingMessage): Promise<{ value: unknown } | JsonAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => request.destroy(new Error('the body took too long')), bodyWithinMs);
  try {
    for await (const chunk of request) {
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

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(body);
}

function json(response: ServerResponse, { status, body }: JsonAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

function wrongMethod(response: ServerResponse, allowed: string): void {
  response.setHeader('allow', allowed);
  json(response, { status: 405, body: { code: 'INVALID', message: `the method here is ${allowed}` } });
}
