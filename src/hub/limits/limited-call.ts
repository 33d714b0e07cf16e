import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../../rpc/call.js';
import { refusalStatus } from '../door/refusal.js';
import { MessageSizes } from './message-sizes.js';
import type { Meter } from './meter.js';

/** The debt is looked at again after this time at the latest, in milliseconds: others pay and add to it. */
const longestWaitMs = 10_000;

/** A target that lets pass what the caller's meter allows: bytes are paced both ways, messages that are too large end the call. */
export class LimitedTarget implements CallTarget {
  readonly #target: CallTarget;
  readonly #meter: Meter;

  constructor(target: CallTarget, meter: Meter) {
    this.#target = target;
    this.#meter = meter;
  }

  open(head: CallHead, sink: CallSink): Call {
    const call = new LimitedCall(sink, this.#meter);
    call.start(this.#target.open(head, call));
    return call;
  }
}

class LimitedCall implements Call, CallSink {
  readonly #sink: CallSink;
  readonly #meter: Meter;
  /** Absent where messages may have any size. */
  readonly #request: MessageSizes | undefined;
  readonly #response: MessageSizes | undefined;
  #call: Call | undefined;
  #over = false;
  /** Set while the client has to wait, and whether the server's side has to wait for its own reasons too. */
  #pause: NodeJS.Timeout | undefined;
  #blocked = false;
  /** Response bytes whose credit is held back. */
  #owed = 0;
  #payment: NodeJS.Timeout | undefined;

  constructor(sink: CallSink, meter: Meter) {
    this.#sink = sink;
    this.#meter = meter;
    const { messageBytes } = meter.limits;
    this.#request = messageBytes === undefined ? undefined : new MessageSizes(messageBytes);
    this.#response = messageBytes === undefined ? undefined : new MessageSizes(messageBytes);
  }

  start(call: Call): void {
    this.#call = call;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return true;
    const tooLarge = this.#request?.tooLarge(chunk);
    if (tooLarge !== undefined) {
      this.#exceeded('request', tooLarge);
      return true;
    }
    const waitMs = this.#meter.passed(chunk.length);
    this.#blocked = this.#call?.write(chunk) === false;
    if (waitMs > 0) this.#pause ??= this.#later(waitMs, this.#resume);
    return this.#pause === undefined && !this.#blocked;
  }

  end(): void {
    if (!this.#over) this.#call?.end();
  }

  cancel(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#call?.cancel(reset);
  }

  consumed(bytes: number): void {
    if (this.#over) return;
    this.#meter.passed(bytes);
    this.#owed += bytes;
    if (this.#payment === undefined) this.#pay();
  }

  head(metadata: RawMetadata): void {
    if (!this.#over) this.#sink.head(metadata);
  }

  data(chunk: Uint8Array): void {
    if (this.#over) return;
    const tooLarge = this.#response?.tooLarge(chunk);
    if (tooLarge === undefined) this.#sink.data(chunk);
    else this.#exceeded('response', tooLarge);
  }

  trailers(metadata: RawMetadata): void {
    if (this.#over) return;
    this.#finish();
    this.#sink.trailers(metadata);
  }

  reset(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#sink.reset(reset);
  }

  drain(): void {
    this.#blocked = false;
    if (!this.#over && this.#pause === undefined) this.#sink.drain();
  }

  /** The client may go on, when the debt is paid. */
  readonly #resume = (): void => {
    const waitMs = this.#meter.passed(0);
    this.#pause = waitMs === 0 ? undefined : this.#later(waitMs, this.#resume);
    if (waitMs === 0 && !this.#blocked) this.#sink.drain();
  };

  /** The server may go on, when the debt is paid. */
  readonly #pay = (): void => {
    const waitMs = this.#meter.passed(0);
    this.#payment = waitMs === 0 ? undefined : this.#later(waitMs, this.#pay);
    if (waitMs > 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.#call?.consumed(owed);
  };

  #later(waitMs: number, work: () => void): NodeJS.Timeout {
    return setTimeout(work, Math.min(waitMs, longestWaitMs)).unref();
  }

  #exceeded(what: string, bytes: number): void {
    const most = this.#meter.limits.messageBytes;
    const reset: CallReset = {
      status: refusalStatus.resourceExhausted,
      message: `a ${what} message of ${bytes} bytes is larger than the ${most} bytes that the caller may send and get`,
      refused: false,
      remote: false,
      code: 'MESSAGE_TOO_LARGE',
    };
    this.#finish();
    this.#call?.cancel(reset);
    this.#sink.reset(reset);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#payment);
  }
}
