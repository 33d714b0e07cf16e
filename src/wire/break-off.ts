import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { carrierOf } from './tls-door.js';

/** Ends a connection so that its other side can tell it from one that has come to its end: with a reset, where TCP is below. */
export function breakOff(connection: Duplex): void {
  const carrier = connection instanceof TLSSocket ? carrierOf(connection) : connection;
  // A unix socket knows no reset.
  const isTcp = carrier instanceof Socket && carrier.remoteFamily !== undefined;
  if (isTcp && !carrier.destroyed && !isAboutToEnd(carrier) && !isAboutToEnd(connection)) {
    // TLS above it ends with it; ended beside it, it brings Node.js down.
    carrier.resetAndDestroy();
  } else connection.destroy();
}

/**
 * All its bytes and their end are sent at this moment. Node.js refuses to reset such a connection, would never close it,
 * and could not end the process.
 */
function isAboutToEnd({ writableEnded, writableFinished, writableLength }: Duplex): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}
