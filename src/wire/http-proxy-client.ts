import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { RawMetadata } from '../rpc/call.js';
import { getMetadata } from '../rpc/metadata.js';
import { addMetadata } from './headers.js';
import { pairsOf, passableTrailers } from './http-proxy-fields.js';
import { abandonRequest, errorMarker, ignore } from './refuse.js';

/** Whoever has sent a request, as one that plays it sees them: the same for HTTP/1.1 and HTTP/2. */
export interface HttpClient {
  /** The request's body. */
  readonly body: Readable;
  /** Where the response's body is to be written to, once `respond` has been called. */
  readonly out: Writable;
  /** True once `respond` was called. */
  readonly responded: boolean;
  /** Trailers of the request, when its body has ended. */
  trailers(): RawMetadata;
  /** Passes an interim response on, as far as the client's protocol can say it. */
  inform(status: number, fields: RawMetadata): void;
  /** Sends the head of the response. `bodyless`: nothing follows, and `finish` is not to be called. */
  respond(status: number, fields: RawMetadata, bodyless: boolean): void;
  /** Ends the response's body. */
  finish(trailers: RawMetadata): void;
  /** Cuts a response that cannot be completed, so that the client sees that. */
  cut(): void;
  /** Calls back when the exchange is over: completely, or because the client is gone. */
  onClose(listener: (complete: boolean) => void): void;
}

/** The client of an HTTP/1.1 request. */
export class Http1Client implements HttpClient {
  readonly body: IncomingMessage;
  readonly out: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.body = request;
    this.out = response;
    request.on('error', ignore);
    response.on('error', ignore);
  }

  get responded(): boolean {
    return this.out.headersSent;
  }

  trailers(): RawMetadata {
    return passableTrailers(this.body.rawTrailers);
  }

  inform(status: number, fields: RawMetadata): void {
    if (this.out.headersSent || this.out.destroyed || this.body.httpVersion !== '1.1') return;
    if (status === 100) this.out.writeContinue();
    if (status === 102) this.out.writeProcessing();
    // What Node cannot say is left out: an interim response is advice.
    if (status === 103) {
      const links = valuesOf(fields, 'link');
      if (links.length > 0) this.out.writeEarlyHints({ link: links });
    }
  }

  respond(status: number, fields: RawMetadata, bodyless: boolean): void {
    const { out } = this;
    if (out.headersSent || out.destroyed) return;
    out.statusCode = status;
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] ?? '';
      if (name === 'date') out.sendDate = false;
      out.appendHeader(name, fields[i + 1] ?? '');
    }
    out.flushHeaders();
    if (bodyless) out.end();
  }

  finish(trailers: RawMetadata): void {
    if (this.out.destroyed) return;
    if (trailers.length > 0 && this.out.chunkedEncoding) this.out.addTrailers(pairsOf(trailers));
    this.out.end();
  }

  cut(): void {
    this.body.socket.destroy();
  }

  onClose(listener: (complete: boolean) => void): void {
    this.out.once('close', () => listener(this.out.writableFinished));
  }
}

/** The client of an HTTP/2 request. */
export class Http2Client implements HttpClient {
  readonly body: ServerHttp2Stream;
  readonly out: ServerHttp2Stream;
  readonly #hasBody: boolean;
  #trailing: RawMetadata = [];
  #sent: RawMetadata = [];

  constructor(stream: ServerHttp2Stream) {
    this.body = stream;
    this.out = stream;
    this.#hasBody = !stream.endAfterHeaders;
    stream.on('error', ignore);
    stream.on('trailers', (_headers, _flags: number, ...rest: unknown[]) => {
      const [raw] = rest;
      if (Array.isArray(raw)) this.#trailing = passableTrailers(raw.map(String));
    });
  }

  get responded(): boolean {
    return this.out.headersSent;
  }

  trailers(): RawMetadata {
    return this.#hasBody ? this.#trailing : [];
  }

  inform(status: number, fields: RawMetadata): void {
    if (this.#over || this.out.headersSent) return;
    this.out.additionalHeaders(headersOf(fields, status));
  }

  respond(status: number, fields: RawMetadata, bodyless: boolean): void {
    const { out } = this;
    if (this.#over || out.headersSent) return;
    const headers = headersOf(fields, status);
    const length = getMetadata(fields, 'content-length');
    if (length !== undefined) headers['content-length'] = length;
    // A variable, since Node's types do not know `sendDate` here.
    const options = {
      endStream: bodyless,
      waitForTrailers: !bodyless,
      sendDate: headers.date === undefined,
    };
    out.respond(headers, options);
    if (bodyless) abandonRequest(out);
    else {
      out.once('wantTrailers', () => {
        if (!this.#over) out.sendTrailers(headersOf(this.#sent));
        abandonRequest(out);
      });
    }
  }

  finish(trailers: RawMetadata): void {
    this.#sent = trailers;
    if (!this.#over) this.out.end();
  }

  cut(): void {
    this.out.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  onClose(listener: (complete: boolean) => void): void {
    this.out.once('close', () => listener(this.out.writableFinished && this.out.rstCode === 0));
  }

  get #over(): boolean {
    return this.out.destroyed || this.out.closed;
  }
}

/**
 * Answers with an error that Postern made: JSON `{code, message}`. Does nothing where the head of a response was sent.
 */
export function answerError(
  client: HttpClient,
  method: string,
  error: { readonly status: number; readonly code: string; readonly message: string },
  more: RawMetadata = [],
): void {
  if (client.responded) return;
  const { status, code, message } = error;
  const body = `${JSON.stringify({ code, message })}\n`;
  const fields = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    errorMarker,
    code,
    ...more,
  ];
  const bodyless = method === 'HEAD';
  client.respond(status, fields, bodyless);
  // What still arrives is thrown away, so that the exchange can come to its end.
  client.body.resume();
  if (bodyless || client.out.destroyed) return;
  client.out.write(body);
  client.finish([]);
}

function valuesOf(fields: RawMetadata, name: string): string[] {
  return pairsOf(fields).flatMap(([held, value]) => (held === name ? [value] : []));
}

/** As Node's HTTP/2 takes them. */
function headersOf(fields: RawMetadata, status?: number): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  if (status !== undefined) headers[':status'] = status;
  addMetadata(headers, fields);
  return headers;
}
