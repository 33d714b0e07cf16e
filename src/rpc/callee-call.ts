import type { OpenBody } from './body-reader.js';
import type { Call, CallReset, CallSink, CallTarget, RawMetadata, Timed } from './call.js';
import { CallEnd } from './call-end.js';
import { frameFlag, frameKind } from './frame.js';
import type { Peer } from './peer.js';

/** Stands in until the target has taken the call. */
const unopened: Call = { write: () => true, end: () => {}, cancel: () => {}, consumed: () => {} };

/** The end of a call at the process that serves it: requests come in for the target, responses go out. */
export class CalleeCall extends CallEnd implements CallSink, Timed {
  serverMs: number | undefined = undefined;
  readonly #openedAt = performance.now();
  #call: Call = unopened;
  /** Request bytes that wait because the target said stop. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** The target said stop after so many bytes, which are not given back yet. */
  #stopped = false;
  #unpaid = 0;
  /** The target has ended the response; they wait for what is not sent yet. */
  #trailers: RawMetadata | undefined;

  constructor(peer: Peer, id: number, open: OpenBody) {
    super(peer, id, { direction: 0, sendWindow: open.windowBytes, timeoutMs: open.timeoutMs });
  }

  /** Hands the call to the target; once, before anything else. */
  start(open: OpenBody, target: CallTarget): void {
    open.timed = this;
    this.#call = target.open(open, this);
  }

  /** Tells a caller that would otherwise hear nothing that the call is known here. */
  accept(): void {
    this.frame(frameKind.accept, 0, 0);
  }

  // ---- what the caller says

  heardData(chunk: Uint8Array, ended: boolean): void {
    if (ended) this.inboundEnded = true;
    if (this.#trailers !== undefined) {
      this.giveBack(chunk.length);
      return;
    }
    if (chunk.length > 0) {
      if (this.#stopped) {
        this.#held.push(chunk);
        this.#heldBytes += chunk.length;
        this.peer.state.stats.bytesBuffered += chunk.length;
      } else this.#pass(chunk);
    }
    if (ended && this.#held.length === 0) this.#call.end();
  }

  #pass(chunk: Uint8Array): void {
    if (this.#call.write(chunk)) {
      if (this.open) this.giveBack(chunk.length);
    } else {
      this.#stopped = true;
      this.#unpaid = chunk.length;
    }
  }

  // ---- what the target says

  head(metadata: RawMetadata): void {
    if (!this.open || this.headed || this.#trailers !== undefined) return;
    const body = this.peer.state.writer.metadata(metadata);
    if (!this.fits(body, 'the response metadata')) return;
    this.headed = true;
    this.frame(frameKind.head, 0, 0, body);
  }

  data(chunk: Uint8Array): void {
    if (this.open && this.headed && this.#trailers === undefined && chunk.length > 0) this.send(chunk);
  }

  trailers(metadata: RawMetadata): void {
    if (!this.open || this.#trailers !== undefined) return;
    this.#trailers = metadata;
    this.#dropHeld();
    if (!this.waits) this.#finish(metadata);
  }

  reset(reset: CallReset): void {
    if (!this.open || this.#trailers !== undefined) return;
    this.peer.reset(this.id, this.direction, reset);
    this.close();
  }

  drain(): void {
    if (!this.open || !this.#stopped || this.#trailers !== undefined) return;
    this.#stopped = false;
    this.giveBack(this.#unpaid);
    this.#unpaid = 0;
    while (!this.#stopped && this.open) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#heldBytes -= chunk.length;
      this.peer.state.stats.bytesBuffered -= chunk.length;
      this.#pass(chunk);
      if (this.#held.length === 0 && this.inboundEnded && this.open) this.#call.end();
    }
  }

  protected override tell(reset: CallReset): void {
    if (this.#trailers === undefined) this.#call.cancel(reset);
  }

  protected override sentBytes(bytes: number): void {
    // The target is asked for more only now: so a caller that does not read stops it.
    if (this.open && this.#trailers === undefined) this.#call.consumed(bytes);
  }

  protected override sentAll(): void {
    if (this.#trailers !== undefined) this.#finish(this.#trailers);
  }

  protected override close(): void {
    this.#dropHeld();
    super.close();
  }

  #finish(metadata: RawMetadata): void {
    const calleeMs = performance.now() - this.#openedAt;
    const body = this.peer.state.writer.trailers(metadata, calleeMs, this.serverMs);
    if (!this.fits(body, 'the trailers')) return;
    const flags = this.headed ? frameFlag.headed : 0;
    this.frame(frameKind.trailers, flags, this.outbound.sent, body);
    this.close();
  }

  #dropHeld(): void {
    this.peer.state.stats.bytesBuffered -= this.#heldBytes;
    this.#heldBytes = 0;
    this.#held = [];
  }
}
