import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { askForBody } from './http1-door.js';
import { abandonRequest, ignore, trailersOnly } from './refuse.js';

/** Response options: a body follows, and no trailers of HTTP/2. */
const headersOnly = { endStream: false, sendDate: false };

/** One HTTP request and its response, as gRPC-web needs them, whatever version of HTTP it is. */
export interface WebExchange {
  /** The request's body; emits 'aborted' where its client does not send it to its end. */
  readonly body: Readable;
  /** The response's body; emits 'close' when the exchange is over in any way. */
  readonly out: Writable;
  /** Nobody is there any more. */
  readonly gone: boolean;
  /** `respond` was called. */
  readonly responded: boolean;
  /** Tells a client that waits for it to send the body (`Expect: 100-continue`). */
  askForBody(): void;
  /** Begins the response, at the latest at the end of this turn; `last`: there is no body. */
  respond(status: number, headers: OutgoingHttpHeaders, last: boolean): void;
  /** The response is complete: nobody reads what still comes of the request. */
  abandon(): void;
  /** Ends the exchange such that the client sees that its response is not whole. */
  cut(): void;
}

/** An HTTP/1.1 request. */
export class Http1Exchange implements WebExchange {
  readonly body: IncomingMessage;
  readonly out: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.body = request.on('error', ignore);
    this.out = response.on('error', ignore);
    // What the response says is another server's word.
    response.sendDate = false;
  }

  get gone(): boolean {
    return this.out.destroyed || this.body.socket.destroyed;
  }

  get responded(): boolean {
    return this.out.headersSent;
  }

  askForBody(): void {
    askForBody(this.body, this.out);
  }

  respond(status: number, headers: OutgoingHttpHeaders, last: boolean): void {
    if (last) {
      // 204 has none (RFC 9110 section 8.6); the others would be chunked without it.
      if (status !== 204) headers['content-length'] = 0;
      this.out.writeHead(status, headers).end();
    } else {
      this.out.writeHead(status, headers);
      // With the first bytes, where they come in this turn.
      setImmediate(flush, this.out);
    }
  }

  abandon(): void {
    this.body.resume();
  }

  cut(): void {
    this.body.socket.destroy();
  }
}

function flush(response: ServerResponse): void {
  if (!response.writableEnded && !response.destroyed) response.flushHeaders();
}

/** An HTTP/2 stream. */
export class Http2Exchange implements WebExchange {
  readonly body: ServerHttp2Stream;
  readonly out: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    this.body = stream.on('error', ignore);
    this.out = stream;
  }

  get gone(): boolean {
    return this.out.destroyed || this.out.closed;
  }

  get responded(): boolean {
    return this.out.headersSent;
  }

  askForBody(): void {
    // Clients of HTTP/2 have a window to send in, and wait for nothing.
  }

  respond(status: number, headers: OutgoingHttpHeaders, last: boolean): void {
    headers[':status'] = status;
    this.out.respond(headers, last ? trailersOnly : headersOnly);
  }

  abandon(): void {
    abandonRequest(this.out);
  }

  cut(): void {
    // RST_STREAM(INTERNAL_ERROR). `close` would end the body first, and an idle one would look whole.
    this.out.destroy(new Error('the response cannot be completed'));
  }
}
