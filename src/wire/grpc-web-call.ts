import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../rpc/call.js';
import { appendMetadata, getMetadata, withoutMetadata } from '../rpc/metadata.js';
import { encodeGrpcMessage, status as grpcStatus, statusNames, statusOfTrailers } from '../rpc/status.js';
import type { WebExchange } from './grpc-web-exchange.js';
import { FrameScanner, foundTrailers } from './grpc-web-frames.js';
import { type WebAnswer, webHead, webTrailers } from './grpc-web-response.js';
import { Base64Reader, Base64Writer } from './grpc-web-text.js';
import { badRequest, errorMarker } from './refuse.js';
import { clientGone, failedLingerMs, type ServeHooks } from './serve-call.js';

/**
 * Plays a gRPC-web exchange into a target, as `serveCall` does with an HTTP/2 stream of gRPC. Frames are followed, so
 * that neither side can pass trailers off as a message, and messages never decoded. Never throws.
 */
export function serveWebCall(
  exchange: WebExchange,
  head: CallHead,
  target: CallTarget,
  answer: WebAnswer,
  hooks?: ServeHooks,
): void {
  if (exchange.gone) {
    hooks?.ended({ status: 1, message: clientGone.message, made: false, requestBytes: 0, responseBytes: 0 });
    return;
  }
  const served = new ServedWebCall(exchange, answer, hooks);
  served.start(target.open(head, served));
}

class ServedWebCall implements CallSink {
  readonly #exchange: WebExchange;
  readonly #answer: WebAnswer;
  readonly #hooks: ServeHooks | undefined;
  readonly #requestFrames = new FrameScanner();
  readonly #responseFrames = new FrameScanner();
  readonly #reader: Base64Reader | undefined;
  readonly #writer: Base64Writer | undefined;
  #call: Call | undefined;
  #over = false;
  #requestBytes = 0;
  #responseBytes = 0;
  #linger: NodeJS.Timeout | undefined;

  constructor(exchange: WebExchange, answer: WebAnswer, hooks: ServeHooks | undefined) {
    this.#exchange = exchange;
    this.#answer = answer;
    this.#hooks = hooks;
    if (answer.form.textRequest) this.#reader = new Base64Reader();
    if (answer.form.textResponse) this.#writer = new Base64Writer();
  }

  start(call: Call): void {
    this.#call = call;
    const { body, out } = this.#exchange;
    this.#exchange.askForBody();
    body.on('aborted', () => this.#clientGone());
    out.on('close', () => {
      clearTimeout(this.#linger);
      this.#clientGone();
    });
    body.on('data', (chunk: Buffer) => this.#read(call, chunk));
    body.on('end', () => {
      if (this.#over) return;
      if (this.#requestFrames.whole && this.#reader?.whole !== false) call.end();
      else this.#broken('the request ends within a message', badRequest);
    });
  }

  head(metadata: RawMetadata): void {
    if (this.#over || this.#exchange.gone) return;
    try {
      this.#exchange.respond(200, webHead(unmarked(metadata), this.#answer), false);
    } catch (thrown) {
      this.#unsendable('response metadata', thrown);
    }
  }

  data(chunk: Uint8Array): void {
    const call = this.#call;
    const { length } = chunk;
    this.#responseBytes += length;
    const exchange = this.#exchange;
    if (this.#over || exchange.gone) return;
    const wasWhole = this.#responseFrames.whole;
    const boundary = this.#responseFrames.scan(chunk);
    if (boundary === foundTrailers) {
      this.#broken('the server sent trailers within its messages', 'INTERNAL', wasWhole);
      return;
    }
    const sent = (): void => call?.consumed(length);
    if (this.#writer === undefined) {
      exchange.out.write(chunk, sent);
      return;
    }
    const text = this.#writer.write(chunk, boundary);
    // Two bytes that wait for a third are no reason to stop the server.
    if (text === '') sent();
    else exchange.out.write(text, 'latin1', sent);
  }

  trailers(metadata: RawMetadata): void {
    if (this.#over) return;
    const status = statusOfTrailers(metadata);
    try {
      const told = unmarked(metadata);
      // A client must always be told a status.
      const missing = getMetadata(told, 'grpc-status') === undefined;
      this.#finish(missing ? appendMetadata(told, 'grpc-status', String(status)) : told);
    } catch (thrown) {
      this.#unsendable('trailers', thrown);
      return;
    }
    this.#end(status, '', false);
  }

  reset({ status, message, remote }: CallReset): void {
    if (!this.#over) this.#fail(status, message, remote ? undefined : statusNames[status]);
  }

  drain(): void {
    if (!this.#over) this.#exchange.body.resume();
  }

  #read(call: Call, chunk: Buffer): void {
    if (this.#over) return;
    const bytes = this.#reader === undefined ? chunk : this.#reader.read(chunk);
    if (bytes === undefined) {
      this.#broken('the request is no base64', badRequest);
      return;
    }
    this.#requestBytes += bytes.length;
    if (this.#requestFrames.scan(bytes) === foundTrailers) {
      this.#broken('the request holds a frame of trailers, which only a response may have', badRequest);
    } else if (bytes.length > 0 && !call.write(bytes)) this.#exchange.body.pause();
  }

  /** Ends the response: in its headers when nothing was sent before, else with a frame behind all messages. */
  #finish(trailers: RawMetadata, whole = this.#responseFrames.whole): void {
    const exchange = this.#exchange;
    if (exchange.gone) return;
    if (!exchange.responded) exchange.respond(200, webHead(trailers, this.#answer), true);
    else if (whole) {
      const frame = webTrailers(trailers);
      if (this.#writer === undefined) exchange.out.end(frame);
      else exchange.out.end(frame.toString('base64'), 'latin1');
    } else {
      // Behind half a message nothing can be told any more.
      exchange.cut();
      return;
    }
    exchange.abandon();
  }

  /** What one side sent cannot be passed on to the other: the call ends at both. */
  #broken(message: string, marker: string, whole?: boolean): void {
    this.#call?.cancel({ status: grpcStatus.INTERNAL, message, refused: false, remote: false });
    this.#fail(grpcStatus.INTERNAL, message, marker, whole);
  }

  #unsendable(what: string, thrown: unknown): void {
    const why = thrown instanceof Error ? thrown.message : '';
    this.#broken(`the server sent ${what} that cannot be passed on: ${why}`, 'INTERNAL');
  }

  /** `marker`: Postern made this end. `whole`: as `#finish` has it. */
  #fail(status: number, message: string, marker: string | undefined, whole?: boolean): void {
    const trailers = ['grpc-status', String(status), 'grpc-message', encodeGrpcMessage(message)];
    if (marker !== undefined) trailers.push(errorMarker, marker);
    this.#end(status, message, marker !== undefined);
    const exchange = this.#exchange;
    try {
      this.#finish(trailers, whole);
    } catch {
      exchange.cut();
    }
    // A client that does not read would otherwise keep a failed call open for ever.
    if (!exchange.gone) this.#linger = setTimeout(() => exchange.cut(), failedLingerMs).unref();
  }

  #clientGone(): void {
    if (this.#over) return;
    this.#call?.cancel(clientGone);
    this.#end(clientGone.status, clientGone.message, false);
  }

  #end(status: number, message: string, made: boolean): void {
    this.#over = true;
    const [requestBytes, responseBytes] = [this.#requestBytes, this.#responseBytes];
    this.#hooks?.ended({ status, message, made, requestBytes, responseBytes });
  }
}

/** Nobody but Postern may mark an error as made by Postern. */
function unmarked(metadata: RawMetadata): RawMetadata {
  return getMetadata(metadata, errorMarker) === undefined ? metadata : withoutMetadata(metadata, errorMarker);
}
