import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { CallHead, CallTarget } from '../../src/rpc/call.js';
import { serveWebCall } from '../../src/wire/grpc-web-call.js';
import { Http1Exchange, Http2Exchange, type WebExchange } from '../../src/wire/grpc-web-exchange.js';
import { readWebRequest, type WebRequestHead } from '../../src/wire/grpc-web-request.js';
import { refuseWebRequest } from '../../src/wire/grpc-web-response.js';
import { Http2Upstream } from '../../src/wire/http2-upstream.js';
import type { FrontOptions } from '../../src/wire/listener.js';
import type { CallResult } from '../../src/wire/serve-call.js';
import { startFront, startRawServer, type TestFront } from './harness.js';

/** A front that plays every request as gRPC-web into one target. */
export interface WebFront extends TestFront {
  /** How calls ended, in order. */
  readonly results: CallResult[];
  /** Heads of the calls that were begun. */
  readonly heads: Omit<CallHead, 'caller'>[];
}

export async function startWebFront(
  target: CallTarget,
  options: Partial<FrontOptions> = {},
): Promise<WebFront> {
  const results: CallResult[] = [];
  const heads: Omit<CallHead, 'caller'>[] = [];
  const take = (exchange: WebExchange, head: WebRequestHead): void => {
    const request = readWebRequest(head);
    if (!request.ok) {
      refuseWebRequest(exchange, request.httpStatus, request.message, 'BAD_REQUEST', '');
      return;
    }
    heads.push(request.head);
    const answer = { form: request.form, allowOrigin: '' };
    serveWebCall(exchange, { ...request.head, caller: '' }, target, answer, {
      ended: (result) => results.push(result),
    });
  };
  const front = await startFront(target, {
    onHttp1: (request, response, _listener, unbound) => {
      const { headers, rawHeaders, method = '', url = '' } = request;
      unbound();
      take(new Http1Exchange(request, response), {
        method,
        path: url,
        authority: headers.host ?? '',
        headers,
        rawHeaders,
      });
    },
    onStream: (stream, headers, rawHeaders) => {
      const method = headers[':method'] ?? '';
      const head = { method, path: headers[':path'] ?? '', authority: '', headers, rawHeaders };
      take(new Http2Exchange(stream), head);
    },
    ...options,
  });
  return { ...front, results, heads };
}

/** A front, and a raw HTTP/2 server that its calls go to. */
export async function webStage(
  onStream: Parameters<typeof startRawServer>[0],
  options: Partial<FrontOptions> = {},
): Promise<{ front: WebFront; stop(): Promise<void> }> {
  const server = await startRawServer(onStream);
  const upstream = new Http2Upstream({ address: server.address });
  const front = await startWebFront(upstream, options);
  return {
    front,
    stop: async () => {
      await front.close();
      upstream.close();
      await server.close();
    },
  };
}

/** Answers with OK and what came, as soon as it comes. */
export function echo(stream: ServerHttp2Stream): void {
  answer(stream);
  stream.pipe(stream);
}

/** Begins a response that ends with these trailers. */
export function answer(
  stream: ServerHttp2Stream,
  trailers: OutgoingHttpHeaders = { 'grpc-status': '0' },
  headers: OutgoingHttpHeaders = {},
): void {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', ...headers },
    { waitForTrailers: true },
  );
}
