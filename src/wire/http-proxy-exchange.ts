import { type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../log.js';
import type { RawMetadata } from '../rpc/call.js';
import type { ExchangeEnd, OriginRequest, OriginTimeouts } from './http-proxy.js';
import { answerError, type HttpClient } from './http-proxy-client.js';
import { pairsOf, passableTrailers } from './http-proxy-fields.js';
import type { HttpHead } from './http-proxy-head.js';
import { type OriginFailure, originFailure, responseFields, timedOut } from './http-proxy-response.js';

/** Milliseconds after which a body is sent although the origin did not ask for it (RFC 9110 §10.1.1). */
const continueAfterMs = 1_000;

/** Methods that may be sent again when a kept connection breaks under them. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** What an exchange knows of its origin. */
export interface ExchangeOrigin {
  readonly name: string;
  readonly timeouts: OriginTimeouts;
  /** Changes the fields of an answer before the client sees them. */
  readonly answer?: ((fields: RawMetadata) => string[]) | undefined;
  readonly log: Logger;
}

/** One request on its way into an origin, and the response on its way back. */
export class HttpExchange {
  readonly #options: OriginRequest;
  readonly #head: HttpHead;
  readonly #client: HttpClient;
  readonly #origin: ExchangeOrigin;
  readonly #ended: (end: ExchangeEnd) => void;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #whole: NodeJS.Timeout | undefined;
  #continue: NodeJS.Timeout | undefined;
  #again = false;
  #over = false;
  #status = 0;
  #code = '';
  #requestBytes = 0;
  #responseBytes = 0;

  constructor(
    options: OriginRequest,
    head: HttpHead,
    client: HttpClient,
    origin: ExchangeOrigin,
    ended: (end: ExchangeEnd) => void,
  ) {
    this.#options = options;
    this.#head = head;
    this.#client = client;
    this.#origin = origin;
    this.#ended = ended;
  }

  start(): void {
    this.#client.onClose((complete) => this.#end(complete));
    const { wholeMs } = this.#origin.timeouts;
    if (wholeMs !== undefined) {
      this.#whole = setTimeout(
        () => this.#tooLate(`it has not answered in full within ${wholeMs} ms`),
        wholeMs,
      );
      this.#whole.unref();
    }
    this.#send();
    this.#takeBody();
  }

  /** Ends it at once: the client sees that the response is not complete. */
  cut(): void {
    if (this.#over) return;
    this.#client.cut();
    this.#end(false);
  }

  #send(): void {
    const { body, expectsContinue, takesTrailers } = this.#head;
    const headers = [...this.#options.headers];
    if (takesTrailers) headers.push('te', 'trailers', 'connection', 'te');
    if (body === 'chunked') headers.push('transfer-encoding', 'chunked');
    else if (body > 0 || sendsLength.has(this.#head.method)) headers.push('content-length', String(body));
    if (expectsContinue && body !== 0) headers.push('expect', '100-continue');
    const request = startRequest({ ...this.#options, headers, setHost: false });
    this.#request = request;
    this.#arm(this.#origin.timeouts.connectMs ?? 5_000, 'a connection to it could not be made in time');
    request.on('error', (error) => this.#failed(request, originFailure(error)));
    request.on('socket', (socket) => this.#connecting(request, socket));
    request.on('drain', () => this.#client.body.resume());
    request.on('information', ({ statusCode, rawHeaders }) => this.#informed(statusCode, rawHeaders));
    request.on('response', (response) => this.#answered(request, response));
    // One that nobody asked for: what follows would be bytes of another protocol.
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      this.#failed(request, { status: 502, code: 'SERVICE_BROKEN', why: 'it changed the protocol unasked' });
    });
    if (expectsContinue) request.flushHeaders();
    if (body === 0) request.end();
  }

  #connecting(request: ClientRequest, socket: Socket): void {
    const connected = (): void => {
      if (request !== this.#request || this.#over || this.#response !== undefined) return;
      if (request.writableEnded) this.#awaitHead();
      else this.#moving();
    };
    if (socket.connecting) socket.once(readyEvent(this.#options), connected);
    else connected();
  }

  /** Reads the request's body as fast as the origin takes it. */
  #takeBody(): void {
    const { body } = this.#client;
    if (this.#head.body === 0) {
      body.resume();
      return;
    }
    if (this.#head.expectsContinue) {
      this.#continue = setTimeout(() => this.#goOn(), continueAfterMs).unref();
      return;
    }
    this.#readBody();
  }

  #readBody(): void {
    const { body } = this.#client;
    body.on('data', (chunk: Buffer) => {
      if (this.#over || this.#code !== '') return;
      this.#requestBytes += chunk.length;
      this.#timer?.refresh();
      if (this.#request?.write(chunk) === false) body.pause();
    });
    body.once('end', () => {
      const request = this.#request;
      if (this.#over || this.#code !== '' || request === undefined || request.destroyed) return;
      if (this.#head.body === 'chunked') request.addTrailers(pairsOf(this.#client.trailers()));
      request.end();
      if (this.#response === undefined && request.socket?.connecting === false) this.#awaitHead();
    });
    // Without an end: the client is gone, or its framing is broken.
    body.once('aborted', () => this.cut());
  }

  /** The client may send its body. */
  #goOn(): void {
    if (this.#continue === undefined || this.#over) return;
    clearTimeout(this.#continue);
    this.#continue = undefined;
    this.#client.inform(100, []);
    this.#readBody();
  }

  #informed(status: number, raw: readonly string[]): void {
    if (this.#over) return;
    if (status === 100) this.#goOn();
    else this.#client.inform(status, responseFields(raw) ?? []);
  }

  #answered(request: ClientRequest, response: IncomingMessage): void {
    if (this.#over || request !== this.#request) {
      response.destroy();
      return;
    }
    const { statusCode = 502, rawHeaders } = response;
    const given = responseFields(rawHeaders);
    if (given === undefined) {
      const why = 'its answer holds a header that cannot be passed on';
      this.#failed(request, { status: 502, code: 'SERVICE_BROKEN', why });
      return;
    }
    const fields = this.#origin.answer?.(given) ?? given;
    this.#response = response;
    this.#status = statusCode;
    clearTimeout(this.#continue);
    this.#moving();
    const bodyless = this.#head.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    const length = response.headers['content-length'];
    if (length !== undefined && statusCode !== 204) fields.push('content-length', length);
    response.on('error', () => this.cut());
    this.#client.respond(statusCode, fields, bodyless);
    if (bodyless) {
      response.resume();
      return;
    }
    const { out } = this.#client;
    response.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      this.#responseBytes += chunk.length;
      this.#timer?.refresh();
      if (!out.write(chunk)) response.pause();
    });
    out.on('drain', () => {
      this.#timer?.refresh();
      response.resume();
    });
    response.once('end', () => {
      if (this.#over) return;
      this.#client.finish(passableTrailers(response.rawTrailers));
    });
  }

  #failed(request: ClientRequest, failure: OriginFailure): void {
    if (this.#over || request !== this.#request) return;
    // What was kept may have been closed by the origin at this very moment.
    if (this.#mayRepeat(request)) {
      this.#again = true;
      this.#send();
      return;
    }
    request.destroy();
    const { name, log } = this.#origin;
    log.info({ service: name, code: failure.code, why: failure.why }, 'a service did not answer a request');
    if (this.#client.responded) {
      this.cut();
      return;
    }
    const { status, code } = failure;
    this.#status = status;
    this.#code = code;
    clearTimeout(this.#timer);
    clearTimeout(this.#continue);
    answerError(this.#client, this.#head.method, {
      status,
      code,
      message: `service '${name}': ${failure.why}`,
    });
  }

  #mayRepeat(request: ClientRequest): boolean {
    const { method, body } = this.#head;
    return (
      !this.#again &&
      request.reusedSocket &&
      body === 0 &&
      repeatable.has(method) &&
      this.#response === undefined
    );
  }

  #awaitHead(): void {
    const ms = this.#origin.timeouts.headMs ?? 60_000;
    this.#arm(ms, `it has not answered within ${ms} ms`);
  }

  #moving(): void {
    const ms = this.#origin.timeouts.idleMs ?? 120_000;
    this.#arm(ms, `nothing has moved for ${ms} ms`);
  }

  #arm(ms: number, why: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tooLate(why), ms).unref();
  }

  #tooLate(why: string): void {
    if (this.#request === undefined) return;
    this.#again = true;
    this.#failed(this.#request, timedOut(why));
  }

  #end(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#whole);
    clearTimeout(this.#timer);
    clearTimeout(this.#continue);
    const request = this.#request;
    // A connection is used again only when both sides of the exchange are complete.
    if (request !== undefined && !(complete && request.writableFinished)) request.destroy();
    this.#client.body.resume();
    this.#ended({
      status: this.#status,
      code: this.#code,
      complete: complete && this.#code === '',
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
  }
}

/** Methods of which servers expect to hear that the body is empty (RFC 9110 §8.6). */
const sendsLength = new Set(['POST', 'PUT', 'PATCH']);

/** What a new connection to an origin says when it can be written to. */
export function readyEvent({ protocol }: Pick<OriginRequest, 'protocol'>): 'connect' | 'secureConnect' {
  return protocol === 'https:' ? 'secureConnect' : 'connect';
}
