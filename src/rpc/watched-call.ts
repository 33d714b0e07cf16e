import type { Call, CallReset, CallSink, RawMetadata } from './call.js';
import { statusOfTrailers } from './status.js';

/** One call, seen from both sides: whichever ends it, `ended` is told so once. */
export class WatchedCall implements CallSink, Call {
  readonly sinceMs = performance.now();
  readonly #sink: CallSink;
  #ended: ((status: number, message: string) => void) | undefined;
  #call: Call | undefined;

  constructor(sink: CallSink, ended: (status: number, message: string) => void) {
    this.#sink = sink;
    this.#ended = ended;
  }

  over(call: Call): Call {
    this.#call = call;
    return this;
  }

  head(metadata: RawMetadata): void {
    this.#sink.head(metadata);
  }

  data(chunk: Uint8Array): void {
    this.#sink.data(chunk);
  }

  trailers(metadata: RawMetadata): void {
    this.#end(statusOfTrailers(metadata), '');
    this.#sink.trailers(metadata);
  }

  reset(reset: CallReset): void {
    this.#end(reset.status, reset.message);
    this.#sink.reset(reset);
  }

  drain(): void {
    this.#sink.drain();
  }

  write(chunk: Uint8Array): boolean {
    return this.#call?.write(chunk) ?? false;
  }

  end(): void {
    this.#call?.end();
  }

  cancel(reset: CallReset): void {
    this.#end(reset.status, reset.message);
    this.#call?.cancel(reset);
  }

  consumed(bytes: number): void {
    this.#call?.consumed(bytes);
  }

  #end(status: number, message: string): void {
    const ended = this.#ended;
    this.#ended = undefined;
    ended?.(status, message);
  }
}
