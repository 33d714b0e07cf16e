import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../rpc/call.js';
import { encodeGrpcMessage, statusNames, statusOfTrailers } from '../rpc/status.js';
import { addMetadata } from './headers.js';
import { abandonRequest, errorMarker, trailersOnly, withoutDate } from './refuse.js';

/** How a served call ended. */
export interface CallResult {
  /** gRPC status that the client was sent, or would have been. */
  readonly status: number;
  /** Why, where Postern or the client ended it; '' where the server did. */
  readonly message: string;
  /** True when Postern or the network made the status, not the server or the client. */
  readonly made: boolean;
  /** Request bytes that arrived and response bytes that were handed to the connection; gRPC framing included. */
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What the owner of a served call may hear. */
export interface ServeHooks {
  /** Called once, when the outcome is known (the last bytes may still be on their way). */
  ended(result: CallResult): void;
}

/** Milliseconds that a client gets to read on after its call has failed, before the stream is cut. */
export const failedLingerMs = 10_000;

/** A client's end of its call. */
export const clientGone: CallReset = {
  status: 1,
  message: 'the client cancelled the call or went away',
  refused: false,
  remote: true,
};

/**
 * Who may say with the trailer `x-postern-error` that an error was made by Postern: this process alone, or the target
 * too, which is a hub then.
 */
export type Marking = 'ours' | 'of the target';

/**
 * Plays an HTTP/2 server stream into a target: bytes both ways with back-pressure, metadata at once, trailers, and
 * cancellation in both directions. Never throws; whatever goes wrong ends this call alone. Whoever has the stream takes
 * its errors.
 */
export function serveCall(
  stream: ServerHttp2Stream,
  head: CallHead,
  target: CallTarget,
  hooks?: ServeHooks,
  marking: Marking = 'ours',
): void {
  if (stream.destroyed || stream.closed) {
    hooks?.ended({ status: 1, message: clientGone.message, made: false, requestBytes: 0, responseBytes: 0 });
    return;
  }
  const served = new ServedCall(stream, hooks, marking);
  served.start(target.open(head, served));
}

class ServedCall implements CallSink {
  readonly #stream: ServerHttp2Stream;
  readonly #hooks: ServeHooks | undefined;
  readonly #marking: Marking;
  #call: Call | undefined;
  #over = false;
  #requestBytes = 0;
  #responseBytes = 0;
  #trailers: OutgoingHttpHeaders | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(stream: ServerHttp2Stream, hooks: ServeHooks | undefined, marking: Marking) {
    this.#stream = stream;
    this.#hooks = hooks;
    this.#marking = marking;
  }

  start(call: Call): void {
    this.#call = call;
    const stream = this.#stream;
    stream.on('aborted', () => this.#clientGone());
    stream.on('close', () => this.#closed());
    stream.on('wantTrailers', () => this.#sendTrailers());
    stream.on('data', (chunk: Buffer) => {
      this.#requestBytes += chunk.length;
      if (!this.#over && !call.write(chunk)) stream.pause();
    });
    // RST_STREAM(NO_ERROR) ends the body too, but 'aborted' has come before and the call is over then.
    stream.on('end', () => {
      if (!this.#over) call.end();
    });
  }

  head(metadata: RawMetadata): void {
    if (this.#over || this.#stream.destroyed) return;
    try {
      const headers = responseHeaders(metadata);
      this.#unmark(headers);
      this.#stream.respond(headers, withoutDate);
    } catch (thrown) {
      this.#failed('response metadata', thrown);
    }
  }

  data(chunk: Uint8Array): void {
    const call = this.#call;
    const { length } = chunk;
    this.#responseBytes += length;
    if (this.#over || this.#stream.destroyed) return;
    this.#stream.write(chunk, () => call?.consumed(length));
  }

  trailers(metadata: RawMetadata): void {
    if (this.#over) return;
    const status = statusOfTrailers(metadata);
    try {
      const trailers: OutgoingHttpHeaders = Object.create(null);
      addMetadata(trailers, metadata);
      this.#unmark(trailers);
      // A client must always be told a status.
      if (trailers['grpc-status'] === undefined) trailers['grpc-status'] = status;
      this.#finish(trailers);
    } catch (thrown) {
      this.#failed('trailers', thrown);
      return;
    }
    this.#end(status, '', false);
  }

  reset(reset: CallReset): void {
    if (this.#over) return;
    const { status, message, remote, code } = reset;
    const trailers: OutgoingHttpHeaders = {
      'grpc-status': status,
      'grpc-message': encodeGrpcMessage(message),
    };
    if (!remote) trailers[errorMarker] = code ?? statusNames[status] ?? 'UNKNOWN';
    this.#end(status, message, !remote);
    try {
      this.#finish(trailers);
    } catch {
      // The connection is going down under our hands; its end closes the stream.
      this.#stream.destroy();
      return;
    }
    // A client that does not read would otherwise keep a failed call open for ever.
    this.#linger = setTimeout(() => this.#stream.close(constants.NGHTTP2_CANCEL), failedLingerMs).unref();
  }

  drain(): void {
    if (!this.#over) this.#stream.resume();
  }

  /** Node leaves out what is undefined. */
  #unmark(headers: OutgoingHttpHeaders): void {
    if (this.#marking === 'ours' && headers[errorMarker] !== undefined) headers[errorMarker] = undefined;
  }

  /** Sends the end: in one header block when nothing was sent before, else as trailers after all data. */
  #finish(trailers: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    if (stream.headersSent) {
      this.#trailers = trailers;
      stream.end();
      return;
    }
    trailers[':status'] = 200;
    trailers['content-type'] ??= 'application/grpc';
    stream.respond(trailers, trailersOnly);
    abandonRequest(stream);
  }

  #sendTrailers(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    try {
      stream.sendTrailers(this.#trailers ?? { 'grpc-status': 2 });
    } catch {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    abandonRequest(stream);
  }

  /** The target said something that HTTP/2 cannot carry: this call ends, at both sides. */
  #failed(what: string, thrown: unknown): void {
    const message = `the server sent ${what} that cannot be passed on: ${thrown instanceof Error ? thrown.message : ''}`;
    const reset: CallReset = { status: 13, message, refused: false, remote: false };
    this.#call?.cancel(reset);
    this.reset(reset);
  }

  #clientGone(): void {
    if (this.#over) return;
    this.#call?.cancel(clientGone);
    this.#end(clientGone.status, clientGone.message, false);
  }

  #closed(): void {
    clearTimeout(this.#linger);
    this.#clientGone();
  }

  #end(status: number, message: string, made: boolean): void {
    this.#over = true;
    this.#hooks?.ended({
      status,
      message,
      made,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
  }
}

function responseHeaders(metadata: RawMetadata): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  headers[':status'] = 200;
  addMetadata(headers, metadata);
  headers['content-type'] ??= 'application/grpc';
  return headers;
}
