import type { Duplex } from 'node:stream';
import { HeldSide } from './held-side.js';
import type { Way } from './way.js';

type Told = (error?: Error | null) => void;

/**
 * Lets what is written to a stream leave as its way lets it, in the same manner as `HeldReading` does with what it reads:
 * by the methods `_write`, `_writev` and `_final` of this stream alone, and only while something disturbs the way.
 */
export class HeldWriting extends HeldSide {
  readonly #write: Duplex['_write'];
  readonly #writev: Duplex['_writev'];
  readonly #final: Duplex['_final'];
  /** Who has written wants to hear when there is room again. */
  #told: Told | undefined;

  constructor(stream: Duplex, way: Way) {
    super(stream, way);
    this.#write = stream._write;
    this.#writev = stream._writev;
    this.#final = stream._final;
    this.changed();
  }

  protected hold(): void {
    this.stream._write = (chunk: unknown, encoding, told) => this.#take([{ chunk, encoding }], told);
    if (this.#writev !== undefined) this.stream._writev = (chunks, told) => this.#take(chunks, told);
    this.stream._final = (told) => {
      this.queue.take(0, () => {
        const final = this.#final;
        if (final === undefined) told();
        else final.call(this.stream, told);
        return true;
      });
    };
  }

  protected letGo(): void {
    this.stream._write = this.#write;
    if (this.#writev !== undefined) this.stream._writev = this.#writev;
    if (this.#final !== undefined) this.stream._final = this.#final;
  }

  #take(chunks: readonly { readonly chunk: unknown; readonly encoding: BufferEncoding }[], told: Told): void {
    for (const { chunk, encoding } of chunks) {
      this.inPieces(bytesOf(chunk, encoding), (piece) => this.#send(piece));
    }
    // What waits is as good as written, as in the buffers of a system; only so the next bytes wait beside these.
    this.#told = told;
    this.moved();
  }

  #send(piece: Uint8Array): void {
    this.queue.take(piece.length, () => {
      // One at a time: TLS takes no second one before it has done with the first.
      const told: Told = (error) => {
        if (error) this.stream.destroy(error);
        this.queue.ready();
      };
      // Streams of Node call bytes `buffer`, which types do not know; sockets end the process at any other name of theirs.
      Reflect.apply(this.#write, this.stream, [piece, 'buffer', told]);
      return false;
    });
  }

  protected moved(): void {
    if (this.#told !== undefined && this.queue.hasRoom()) {
      const told = this.#told;
      this.#told = undefined;
      told();
    }
    this.letGoIfClear();
  }
}

function bytesOf(chunk: unknown, encoding: BufferEncoding): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  return Buffer.from(String(chunk), encoding);
}
