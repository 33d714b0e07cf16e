import { Duplex } from 'node:stream';

/** One end of an in-process connection: what is written here is read at the other end. */
class Side extends Duplex {
  #peer: Side | undefined;
  #unread: (() => void) | undefined;

  join(peer: Side): void {
    this.#peer = peer;
  }

  override _read(): void {
    const resume = this.#unread;
    this.#unread = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const peer = this.#peer;
    if (peer === undefined || peer.destroyed) {
      done(new Error('the other end of the in-process connection is closed'));
      return;
    }
    // The writer goes on when the reader asks for more: that is the back-pressure.
    if (chunk.length === 0 || peer.#receive(chunk, done)) process.nextTick(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#peer?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // HTTP/2 sessions of Node may crash when a foreign transport is torn down within their own callbacks.
    setImmediate(() => {
      const resume = this.#unread;
      this.#unread = undefined;
      resume?.();
      const peer = this.#peer;
      if (peer !== undefined && !peer.destroyed) {
        if (!peer.readableEnded && !peer.#ended) {
          peer.push(null);
          peer.#ended = true;
        }
        peer.destroy();
      }
      done(error);
    });
  }

  #ended = false;

  /** True when more may be written at once; otherwise `done` is called when the reader has asked for more. */
  #receive(chunk: Buffer, done: () => void): boolean {
    if (this.push(chunk)) return true;
    this.#unread = done;
    return false;
  }
}

/**
 * Two joined in-process streams: a connection without a socket, with back-pressure. Destroying one end destroys
 * the other.
 */
export function duplexPair(): [Duplex, Duplex] {
  const left = new Side();
  const right = new Side();
  left.join(right);
  right.join(left);
  return [left, right];
}
