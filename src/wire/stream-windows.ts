import type { ClientHttp2Session, ServerHttp2Session } from 'node:http2';
import { receiveBufferBytes, windowBytes } from './limits.js';

/** So many streams of a connection get the whole window each. */
const unhurried = 64;
/** What is left of it at least, bytes: a frame. */
const smallestWindow = 16_384;

/** Window of each stream when so many are open: it halves each time that their number doubles. */
export function streamWindow(streams: number): number {
  let size = windowBytes;
  for (let fair = unhurried; fair < streams && size > smallestWindow; fair *= 2) size /= 2;
  return size;
}

/**
 * Shrinks the receive window of all streams of a connection while many are open, so that thousands of calls that
 * nobody reads on the other side do not fill the memory. The other end learns of it by SETTINGS.
 */
export class StreamWindows {
  readonly #session: ClientHttp2Session | ServerHttp2Session;
  #open = 0;
  #size = windowBytes;

  /** The session has begun with `windowBytes`. */
  constructor(session: ClientHttp2Session | ServerHttp2Session) {
    this.#session = session;
    session.on('localSettings', () => this.#adjust());
  }

  /** Received bytes of one stream that may be on their way onwards before it is paused. */
  get bufferBytes(): number {
    return Math.max(smallestWindow, (receiveBufferBytes / windowBytes) * this.#size);
  }

  /** A stream began. */
  opened(): void {
    this.#open += 1;
    if (this.#open > unhurried) this.#adjust();
  }

  /** A stream is over. */
  closed(): void {
    this.#open -= 1;
    if (this.#size < windowBytes) this.#adjust();
  }

  /** The window grows again only when there is room for twice as many streams, so that it does not flutter. */
  #adjust(): void {
    const session = this.#session;
    const fair = streamWindow(this.#open);
    const size = fair < this.#size ? fair : Math.max(this.#size, streamWindow(2 * this.#open));
    if (size === this.#size || session.destroyed || session.closed || session.pendingSettingsAck) return;
    this.#size = size;
    session.settings({ initialWindowSize: size });
  }
}
