import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** Close codes of RFC 6455 §7.4.1 that are used here. */
export const closeCode = { normal: 1000, goingAway: 1001, unsupportedData: 1003, policy: 1008 } as const;

/** Largest message that our programs send, and the largest that any of them takes, bytes. */
export const [sentMessageBytes, takenMessageBytes] = [65_536, 1_048_576];

/** How long the other side may take to answer a close, milliseconds. */
const closeTimeoutMs = 2_000;

/**
 * A WebSocket as a byte stream: binary messages, whose boundaries mean nothing. What is written is split into messages
 * of at most `messageBytes`; a text message ends it. Back-pressure works both ways. The socket belongs to the stream.
 */
export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #messageBytes: number;

  constructor(socket: WebSocket, messageBytes: number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#messageBytes = messageBytes;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) {
        socket.close(closeCode.unsupportedData, 'binary messages only');
        this.destroy(new Error('a text message came where bytes were expected'));
      } else if (!this.push(data)) socket.pause();
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', (code, reason) => {
      if (code === closeCode.normal || code === closeCode.goingAway) this.push(null);
      else this.destroy(new Error(closedText(code, reason.toString())));
    });
    // An error of a transport is told by 'close' too; whoever needs it listens.
    this.on('error', () => {});
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const size = this.#messageBytes;
    let at = 0;
    for (; at + size < chunk.length; at += size) {
      this.#socket.send(chunk.subarray(at, at + size), { binary: true });
    }
    this.#socket.send(chunk.subarray(at), { binary: true }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.close(closeCode.normal);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket.readyState === socket.OPEN) socket.close(closeCode.normal);
    // Whoever reads no more would not see the answer to the close.
    socket.resume();
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    if (socket.readyState === socket.CLOSED) clearTimeout(timer);
    done(error);
  }
}

/** What a close code and its reason say to people. */
export function closedText(code: number, reason: string): string {
  const why = reason === '' ? '' : `: ${reason}`;
  if (code === 1006) return `the connection was lost${why}`;
  return `the other side closed the WebSocket with code ${code}${why}`;
}
