import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';

/** A frame header of HTTP/2 is so long, bytes (RFC 9113 section 4.1). */
const headerBytes = 9;
const [settingsFrame, goAwayFrame] = [0x4, 0x7];
/** So much of the reason is told, bytes. */
const mostReasonBytes = 256;
/** The other side may take so long to hang up, milliseconds. */
const hangUpMs = 5_000;

/**
 * Refuses an HTTP/2 connection before any call: SETTINGS, and a GOAWAY that disowns every stream and says why
 * (RFC 9113 section 6.8), and ends it.
 */
export function refuseHttp2(connection: Duplex, why: string): void {
  if (connection.destroyed) return;
  const reason = Buffer.from(why).subarray(0, mostReasonBytes);
  const goAway = Buffer.alloc(8);
  goAway.writeUInt32BE(constants.NGHTTP2_INTERNAL_ERROR, 4);
  connection.end(
    Buffer.concat([
      header(settingsFrame, 0),
      header(goAwayFrame, goAway.length + reason.length),
      goAway,
      reason,
    ]),
  );
  connection.resume();
  const timer = setTimeout(() => connection.destroy(), hangUpMs);
  timer.unref();
  connection.once('close', () => clearTimeout(timer));
}

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUIntBE(length, 0, 3);
  bytes.writeUInt8(type, 3);
  return bytes;
}
