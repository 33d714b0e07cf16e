import type { Duplex } from 'node:stream';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import { type Address, formatAddress } from '../../wire/address.js';
import { dial } from '../../wire/dial.js';
import { refuseHttp2 } from '../../wire/http2-refusal.js';
import { joinDuplexes } from '../../wire/join-duplexes.js';

/**
 * Gives each connection of the hub to the server at `address`, as bytes. Where it cannot be reached within
 * `timeoutMs`, the hub is told why.
 */
export function toLocalServer(
  address: Address,
  { timeoutMs, log }: { timeoutMs: number; log: Logger },
): (connection: Duplex) => void {
  return (connection) => {
    const { connected, abort } = dial(address, undefined, timeoutMs);
    connection.once('close', abort);
    connected.then(
      (socket) => {
        connection.off('close', abort);
        if (connection.destroyed) socket.destroy();
        else joinDuplexes(connection, socket);
      },
      (thrown: unknown) => {
        log.warn({ to: formatAddress(address) }, errorText(thrown));
        refuseHttp2(connection, errorText(thrown));
      },
    );
  };
}
