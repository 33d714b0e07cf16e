import type { Duplex } from 'node:stream';
import { segmentBytes } from './effect.js';
import { StreamQueue } from './stream-queue.js';
import type { Way } from './way.js';

/**
 * One side of a stream that is held while something disturbs its way. Whoever extends it calls `changed` when it is made,
 * and replaces methods of the stream in `hold` alone, so that an undisturbed stream is as it was.
 */
export abstract class HeldSide {
  protected readonly stream: Duplex;
  protected readonly way: Way;
  protected readonly queue: StreamQueue;
  readonly #unhear: () => void;
  #isHeld = false;

  protected constructor(stream: Duplex, way: Way) {
    this.stream = stream;
    this.way = way;
    this.queue = new StreamQueue(way, {
      isGone: () => stream.destroyed,
      moved: () => this.moved(),
    });
    this.#unhear = way.onChange(() => this.changed());
  }

  /** Replaces methods of the stream. */
  protected abstract hold(): void;
  /** Gives the stream its methods back. */
  protected abstract letGo(): void;
  /** Something has left the queue. */
  protected abstract moved(): void;

  /** Holds nothing any more; what waits is lost. */
  stop(): void {
    this.#unhear();
    this.queue.clear();
  }

  /** Holds where the way is disturbed, and lets what waits go as the way is now. */
  protected changed(): void {
    if (!this.#isHeld && !this.way.isClear) {
      this.#isHeld = true;
      this.hold();
    }
    if (this.#isHeld) this.queue.run();
  }

  /** Lets go when nothing disturbs the way any more, and nothing waits. */
  protected letGoIfClear(): void {
    if (!this.#isHeld || !this.way.isClear || !this.queue.isIdle) return;
    this.#isHeld = false;
    this.letGo();
  }

  /** Gives bytes in the pieces in which they are disturbed. */
  protected inPieces(bytes: Uint8Array, take: (piece: Uint8Array) => void): void {
    const most = this.way.isSegmented ? segmentBytes : bytes.length;
    for (let from = 0; from < bytes.length; from += most) take(bytes.subarray(from, from + most));
  }
}
