import type { ClientHttp2Session } from 'node:http2';
import { Socket } from 'node:net';
import { ignore } from './refuse.js';

/** Looks without a byte, after a probe that should have sent some, that condemn a connection. */
const mostQuietLooks = 2;

/**
 * Destroys a client's session that Node has silently given up. Where the server breaks HTTP/2 (a frame that is too large, a
 * header block that does not decode), nghttp2 sends GOAWAY, and Node reads and writes no more, tells nobody, and does
 * not even notice the end of the connection: its streams, and all new ones, would hang for ever.
 *
 * From outside one thing tells: what is submitted sends no bytes. So a quiet connection is probed, with an empty
 * SETTINGS frame since servers count pings; a living one sends it at once. The verdict falls after four looks at most.
 * A server that has answered ten probes in a row with nothing, as Node then sends no more, is given up too.
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
  const { socket } = session;
  // A transport of our own making has no other end that could break the protocol.
  if (!(socket instanceof Socket)) return;
  let bytes = -1;
  let quietLooks = 0;
  const timer = setInterval(() => {
    if (session.destroyed || !isUsed()) return;
    const now = socket.bytesRead + socket.bytesWritten;
    if (now !== bytes) {
      bytes = now;
      quietLooks = 0;
    } else if (quietLooks === 0) {
      quietLooks = 1;
      probe(session);
    } else if (quietLooks++ >= mostQuietLooks) {
      onStuck();
      session.destroy();
    }
  }, lookMs);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}

function probe(session: ClientHttp2Session): void {
  if (session.closed) return;
  if (session.pendingSettingsAck) session.ping(ignore);
  else session.settings({});
}
