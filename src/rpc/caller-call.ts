import type { Call, CallHead, CallReset, CallSink, Placed, RawMetadata } from './call.js';
import { CallEnd } from './call-end.js';
import { frameFlag } from './frame.js';
import type { Peer } from './peer.js';
import { broken, lostOnBus } from './resets.js';

/** The end of a call at its caller: requests go out, responses come in to the sink. */
export class CallerCall extends CallEnd implements Call {
  /** Of the message that holds its OPEN. */
  readonly ticket: number;
  readonly #sink: CallSink;
  readonly #placed: Placed | undefined;
  /** Half-close when nothing waits any more. */
  #endAsked = false;
  /** The writer was told to stop. */
  #stopped = false;

  constructor(peer: Peer, id: number, head: CallHead, sink: CallSink, ticket: number) {
    super(peer, id, {
      direction: frameFlag.fromCaller,
      sendWindow: peer.state.limits.callWindowBytes,
      timeoutMs: head.timeoutMs,
    });
    this.#sink = sink;
    this.#placed = head.placed;
    this.ticket = ticket;
  }

  // ---- what our side does

  write(chunk: Uint8Array): boolean {
    if (!this.open || this.#endAsked) return true;
    if (chunk.length === 0) return !this.waits;
    if (this.send(chunk)) return true;
    this.#stopped = this.open;
    return !this.open;
  }

  end(): void {
    if (!this.open || this.#endAsked) return;
    this.#endAsked = true;
    if (!this.waits) this.sendEnd();
  }

  cancel(reset: CallReset): void {
    if (!this.open) return;
    this.peer.reset(this.id, this.direction, reset);
    this.close();
  }

  consumed(bytes: number): void {
    if (this.open) this.giveBack(bytes);
  }

  // ---- what the callee says

  heardHead(metadata: RawMetadata): CallReset | undefined {
    if (this.headed) return broken('HEAD came twice');
    this.headed = true;
    this.#sink.head(metadata);
    return undefined;
  }

  heardData(chunk: Uint8Array): void {
    this.#sink.data(chunk);
  }

  /** The times that they told are still in the reader. */
  heardTrailers(metadata: RawMetadata, sentBytes: number, headed: boolean): CallReset | undefined {
    const { received } = this.inbound;
    if (sentBytes > received || (headed && !this.headed)) return lostOnBus;
    if (sentBytes < received || (this.headed && !headed)) return broken('TRAILERS do not fit the response');
    this.close();
    if (this.#placed !== undefined) {
      const { reader } = this.peer.state;
      this.#placed.calleeMs = reader.calleeMs;
      this.#placed.serverMs = reader.serverMs;
    }
    this.#sink.trailers(metadata);
    return undefined;
  }

  override admit(offset: number, bytes: number, ended: boolean): CallReset | undefined {
    if (ended) return broken('a response ends with TRAILERS');
    // A response begins with its HEAD, so the bus has lost it.
    return this.headed ? super.admit(offset, bytes, ended) : lostOnBus;
  }

  protected override tell(reset: CallReset): void {
    const refused = reset.refused && !this.headed;
    this.#sink.reset(refused === reset.refused ? reset : { ...reset, refused });
  }

  protected override sentBytes(): void {
    // nobody counts the bytes of a request
  }

  protected override sentAll(): void {
    if (this.#endAsked) this.sendEnd();
    else if (this.#stopped) {
      this.#stopped = false;
      this.#sink.drain();
    }
  }
}
