import type { Call, CallHead, CallReset, CallSink, CallTarget, RawMetadata } from '../../rpc/call.js';

/** A flag and the length before each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;

/** How a call ended. */
export type Ending =
  | { readonly trailers: RawMetadata; readonly reset?: undefined }
  | { readonly trailers?: undefined; readonly reset: CallReset };

/** What one server answers to a stream of questions, message by message. */
export class Answers implements CallSink {
  readonly #call: Call;
  readonly #largest: number;
  readonly #changed: () => void;
  readonly #writable: () => void;
  readonly #messages: Buffer[] = [];
  #open = Buffer.alloc(0);
  /** Bytes that no credit was given back for. */
  #owed = 0;
  metadata: RawMetadata | undefined;
  ending: Ending | undefined;
  /** It takes no more questions for now. */
  full = false;

  /** Opens the call. A message beyond `largest` bytes ends it. `changed` is called when there is something to take. */
  constructor(
    target: CallTarget,
    head: CallHead,
    options: { largest: number; changed: () => void; writable: () => void },
  ) {
    this.#largest = options.largest;
    this.#changed = options.changed;
    this.#writable = options.writable;
    this.#call = target.open(head, this);
  }

  /** The first answer that was not taken: its bytes, or undefined where they are compressed. */
  get first(): { readonly message: Buffer | undefined } | undefined {
    const [first] = this.#messages;
    if (first === undefined) return undefined;
    return { message: first[0] === 0 ? first.subarray(prefixBytes) : undefined };
  }

  /** Takes the first answer away. */
  take(): void {
    this.#messages.shift();
  }

  /** Bytes that wait to be taken. */
  get held(): number {
    return this.#messages.reduce((sum, message) => sum + message.length, this.#open.length);
  }

  /** Lets the server send as much again as it has sent. */
  giveCredit(): void {
    const owed = this.#owed;
    this.#owed = 0;
    if (owed > 0 && this.ending === undefined) this.#call.consumed(owed);
  }

  /** Passes bytes of questions on. */
  write(chunk: Uint8Array): void {
    if (this.ending === undefined && !this.#call.write(chunk)) this.full = true;
  }

  /** No more questions follow. */
  finish(): void {
    if (this.ending === undefined) this.#call.end();
  }

  /** Ends it at once. */
  abandon(reset: CallReset): void {
    if (this.ending !== undefined) return;
    this.ending = { reset };
    this.#call.cancel(reset);
  }

  head(metadata: RawMetadata): void {
    this.metadata = metadata;
  }

  data(chunk: Uint8Array): void {
    this.#owed += chunk.length;
    let open = this.#open.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#open, chunk]);
    while (open.length >= prefixBytes) {
      const length = prefixBytes + open.readUInt32BE(1);
      if (length > this.#largest) {
        const message = `an answer of ${length} bytes is too large`;
        this.abandon({ status: 8, message, refused: false, remote: false });
        open = Buffer.alloc(0);
      }
      if (open.length < length) break;
      this.#messages.push(open.subarray(0, length));
      open = open.subarray(length);
    }
    this.#open = open;
    this.#changed();
  }

  trailers(metadata: RawMetadata): void {
    this.#end({ trailers: metadata });
  }

  reset(reset: CallReset): void {
    this.#end({ reset });
  }

  drain(): void {
    this.full = false;
    this.#writable();
  }

  #end(ending: Ending): void {
    this.ending = ending;
    if (this.full) this.drain();
    this.#changed();
  }
}
