import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { CallHead, CallTarget } from '../../rpc/call.js';
import { clientOf } from '../../wire/client.js';
import { CorsPolicy, isPreflight } from '../../wire/cors.js';
import { serveWebCall } from '../../wire/grpc-web-call.js';
import { Http1Exchange, Http2Exchange, type WebExchange } from '../../wire/grpc-web-exchange.js';
import { isWebContentType, readWebRequest, type WebRequestHead } from '../../wire/grpc-web-request.js';
import { refuseWebCall, refuseWebRequest, type WebAnswer } from '../../wire/grpc-web-response.js';
import { inTurn } from '../../wire/http1-turn.js';
import { badRequest } from '../../wire/refuse.js';
import type { ServeHooks } from '../../wire/serve-call.js';
import type { CallStats } from '../call-stats.js';
import type { Asker } from './entrance.js';
import type { Gate } from './gate.js';
import { type DoorRefusal, refusalStatus } from './refusal.js';
import type { Router } from './routes.js';

/** Takes gRPC-web calls and CORS preflights, over HTTP/1.1 and HTTP/2, and asks the gate about each call. */
export class WebDoor {
  readonly #gate: Gate;
  readonly #stats: CallStats;
  readonly #router: Pick<Router, 'corsFor'>;
  readonly #cors: CorsPolicy;
  readonly #maxAgeSeconds: number;
  /** Policies of rows, by their lists of origins. */
  readonly #rows = new WeakMap<readonly string[], CorsPolicy>();

  constructor(options: {
    gate: Gate;
    stats: CallStats;
    router: Pick<Router, 'corsFor'>;
    /** For all that no row says otherwise of. */
    cors: { origins: readonly string[]; maxAgeSeconds: number };
  }) {
    this.#gate = options.gate;
    this.#stats = options.stats;
    this.#router = options.router;
    this.#cors = new CorsPolicy(options.cors);
    this.#maxAgeSeconds = options.cors.maxAgeSeconds;
  }

  /** False: the request is neither, and somebody else's. `listener` and `unbound` are the listener's. Never throws. */
  takeHttp1(
    request: IncomingMessage,
    response: ServerResponse,
    listener: string,
    unbound: () => void,
  ): boolean {
    const { headers, rawHeaders, method = '', url = '' } = request;
    if (!this.#takes(method, headers)) return false;
    const head = { method, path: url, authority: headers.host ?? '', headers, rawHeaders };
    const secure = 'encrypted' in request.socket;
    const at = { listener, secure, from: clientOf(request.socket).addressIn(headers) };
    const take = (): void => this.#take(new Http1Exchange(request, response), head, at, unbound);
    inTurn(response, unbound, take);
    return true;
  }

  /** As `takeHttp1`. */
  takeHttp2(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    listener: string,
  ): boolean {
    const method = headers[':method'] ?? '';
    if (!this.#takes(method, headers)) return false;
    const authority = headers[':authority'] ?? headers.host ?? '';
    const head = { method, path: headers[':path'] ?? '', authority, headers, rawHeaders };
    const { session } = stream;
    const at = { listener, secure: session?.encrypted === true, from: clientOf(session).addressIn(headers) };
    this.#take(new Http2Exchange(stream), head, at, () => {});
    return true;
  }

  #takes(method: string, headers: IncomingHttpHeaders): boolean {
    return isWebContentType(headers['content-type']) || isPreflight(method, headers);
  }

  #take(
    exchange: WebExchange,
    head: WebRequestHead,
    { listener, secure, from }: { listener: string; secure: boolean; from: string | undefined },
    unbound: () => void,
  ): void {
    const { headers, authority, path } = head;
    const cors = headers.origin === undefined ? this.#cors : this.#corsAt(head, listener);
    const origin = cors.judge(headers.origin, authority, secure);
    const preflight = isPreflight(head.method, headers);
    if (!origin.ok) {
      const message = 'pages of this origin may not call here; --cors-origin lets them in';
      if (!preflight) this.#refused(path, refusalStatus.permissionDenied, 'ORIGIN_REFUSED');
      refuseWebRequest(exchange, 403, message, 'ORIGIN_REFUSED', '');
      return;
    }
    if (preflight) {
      const allowed = cors.preflight(headers, authority, secure);
      this.#preflight(exchange, allowed);
      return;
    }
    const request = readWebRequest(head);
    if (request.ok) {
      const answer = { form: request.form, allowOrigin: origin.allow };
      this.#gate.decide({ ...request.head, listener, from }, new WebAsker(exchange, answer, unbound));
      return;
    }
    const { httpStatus, status, message } = request;
    this.#refused(path, status, badRequest);
    if (httpStatus === 200) {
      const form = { textRequest: false, textResponse: false, suffix: '' };
      refuseWebCall(exchange, { status, message, code: badRequest }, { form, allowOrigin: origin.allow });
    } else refuseWebRequest(exchange, httpStatus, message, badRequest, origin.allow);
  }

  #corsAt({ authority, path }: WebRequestHead, listener: string): CorsPolicy {
    const origins = this.#router.corsFor({ listener, host: authority, path });
    if (origins === undefined) return this.#cors;
    const known = this.#rows.get(origins);
    if (known !== undefined) return known;
    const made = new CorsPolicy({ origins, maxAgeSeconds: this.#maxAgeSeconds });
    this.#rows.set(origins, made);
    return made;
  }

  #preflight(exchange: WebExchange, allowed: OutgoingHttpHeaders | undefined): void {
    if (allowed === undefined) {
      refuseWebRequest(exchange, 403, 'only a POST with valid headers is allowed here', 'ORIGIN_REFUSED', '');
    } else {
      exchange.respond(204, allowed, true);
      exchange.abandon();
    }
  }

  #refused(path: string, status: number, code: string): void {
    this.#stats.refused(undefined, path, undefined, status, code);
  }
}

class WebAsker implements Asker {
  readonly #exchange: WebExchange;
  readonly #answer: WebAnswer;
  readonly #unbound: () => void;

  constructor(exchange: WebExchange, answer: WebAnswer, unbound: () => void) {
    this.#exchange = exchange;
    this.#answer = answer;
    this.#unbound = unbound;
  }

  serve(head: CallHead, target: CallTarget, hooks: ServeHooks): void {
    this.#unbound();
    serveWebCall(this.#exchange, head, target, this.#answer, hooks);
  }

  refuse(refusal: DoorRefusal): void {
    refuseWebCall(this.#exchange, refusal, this.#answer);
  }
}
