import type { Duplex } from 'node:stream';
import { HeldSide } from './held-side.js';
import type { Way } from './way.js';

/**
 * Lets what a stream reads come as its way lets it. While nothing disturbs that way the stream is as it was, and costs
 * nothing more: only then the two methods by which any stream of Node.js takes what it reads (`push` and `_read`) are
 * replaced, of this stream alone.
 */
export class HeldReading extends HeldSide {
  readonly #push: Duplex['push'];
  readonly #read: Duplex['_read'];
  #wantsMore = false;

  constructor(stream: Duplex, way: Way) {
    super(stream, way);
    this.#push = stream.push;
    this.#read = stream._read;
    this.changed();
  }

  protected hold(): void {
    this.stream.push = (chunk: unknown) => this.#take(chunk);
    this.stream._read = () => {
      this.#wantsMore = true;
      this.moved();
    };
  }

  protected letGo(): void {
    this.stream.push = this.#push;
    this.stream._read = this.#read;
  }

  /** False: nothing more shall be read for now. */
  #take(chunk: unknown): boolean {
    if (!(chunk instanceof Uint8Array)) {
      this.queue.take(0, () => {
        this.#pass(chunk);
        // As a socket does at its end, which nobody may be reading.
        this.stream.read(0);
        return true;
      });
      return false;
    }
    this.inPieces(chunk, (piece) => {
      this.queue.take(piece.length, () => {
        this.#pass(piece);
        return true;
      });
    });
    return this.#hasRoom();
  }

  #pass(chunk: unknown): void {
    this.#push.call(this.stream, chunk);
  }

  #hasRoom(): boolean {
    return !this.way.isStill && this.queue.hasRoom(this.stream.readableLength);
  }

  protected moved(): void {
    this.letGoIfClear();
    if (!this.#wantsMore || this.stream.destroyed || !this.#hasRoom()) return;
    this.#wantsMore = false;
    this.#read.call(this.stream, this.stream.readableHighWaterMark);
  }
}
