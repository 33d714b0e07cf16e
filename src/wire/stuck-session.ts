import type { ClientHttp2Session, Http2Session } from 'node:http2';
import { Socket } from 'node:net';
import { ignore } from './refuse.js';

/** Looks without a byte, after a probe that should have sent some, that condemn a connection. */
const mostQuietLooks = 2;
/** Empty SETTINGS that may wait for their acknowledgement; with ten of any Node ends the session. */
const mostOpenSettings = 5;

/**
 * Finds out that Node has silently given a session up. Where the other end breaks HTTP/2 (a frame that is too large, a
 * header block that does not decode), nghttp2 sends GOAWAY, and Node reads and writes no more, tells nobody, and does
 * not even notice the end of the connection: its streams, and all new ones, would hang for ever.
 *
 * From outside one thing tells: what is submitted sends no bytes, though none wait for the other end to read. So a quiet
 * connection is probed, with an empty SETTINGS frame since servers count pings; a living one sends it at once. The verdict
 * falls after four looks at most. Who has answered ten probes in a row with nothing, as Node then sends no more, is given
 * up too.
 */
export class StuckWatch {
  readonly #session: Http2Session;
  #bytes = -1;
  #quietLooks = 0;
  #openSettings = 0;

  constructor(session: Http2Session) {
    this.#session = session;
  }

  /** To be asked again and again while the session is not destroyed; true: it is stuck. */
  look(): boolean {
    const { socket } = this.#session;
    const bytes = socket.bytesRead + socket.bytesWritten;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#quietLooks = 0;
    } else if (this.#quietLooks > 0) {
      return this.#quietLooks++ >= mostQuietLooks && !isSending(socket);
    } else if (this.#probe()) this.#quietLooks = 1;
    return false;
  }

  /** False: nothing more may be submitted. */
  #probe(): boolean {
    const session = this.#session;
    if (session.pendingSettingsAck && !session.closed) {
      session.ping(ignore);
      return true;
    }
    // A session that closes sends no pings.
    if (this.#openSettings === mostOpenSettings) return false;
    this.#openSettings += 1;
    session.settings({}, () => {
      this.#openSettings -= 1;
    });
    return true;
  }
}

/**
 * Destroys a client's session that is stuck.
 * @param lookMs how often to look, milliseconds.
 * @param isUsed whether somebody waits for the session; one that nobody uses is left alone.
 * @param onStuck told right before the end.
 */
export function endWhenStuck(
  session: ClientHttp2Session,
  lookMs: number,
  isUsed: () => boolean,
  onStuck: () => void,
): void {
  // A transport of our own making has no other end that could break the protocol.
  if (!(session.socket instanceof Socket)) return;
  const watch = new StuckWatch(session);
  const timer = setInterval(() => {
    if (session.destroyed || !isUsed() || !watch.look()) return;
    onStuck();
    session.destroy();
  }, lookMs);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}

/** Whether bytes wait that the other end does not take: then nothing more is sent, however well the session is. */
function isSending(socket: object): boolean {
  // What HTTP/2 writes goes by the socket's handle; the socket itself knows nothing of it.
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle !== 'object' || handle === null || Reflect.get(handle, 'writeQueueSize') !== 0;
}
