import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { carrierOf } from './tls-door.js';

/** Ends a connection so that its other side can tell it from one that has come to its end: with a reset, where TCP is below. */
export function breakOff(connection: Duplex): void {
  const carrier = connection instanceof TLSSocket ? carrierOf(connection) : connection;
  // A unix socket knows no reset.
  if (carrier instanceof Socket && carrier.remoteFamily !== undefined && !carrier.destroyed) {
    carrier.resetAndDestroy();
  }
  connection.destroy();
}
