import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clientAddress } from '../wire/client.js';
import type { FrontOptions } from '../wire/listener.js';
import { refuseUpgrade } from './refuse-upgrade.js';

/** Takes over a connection; `from` is the client's address. It never throws and handles the socket's errors. */
export type UpgradeTaker = (request: IncomingMessage, socket: Duplex, head: Buffer, from: string) => void;

/** Takes one that is routed to a service; false: it is not. */
export type RoutedUpgradeTaker = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  listener: string,
) => boolean;

/** Gives requests for WebSockets to the services that rows lead to, and to who takes them otherwise, by path. */
export function upgradeListener(
  takers: Readonly<Record<string, UpgradeTaker>>,
  routed: RoutedUpgradeTaker,
): NonNullable<FrontOptions['onUpgrade']> {
  const byPath = new Map(Object.entries(takers));
  return (request, socket, head, listener) => {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const take = byPath.get(path);
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    if (isWebSocket && routed(request, socket, head, listener)) return;
    if (take === undefined) {
      refuseUpgrade(socket, 404, 'NOT_FOUND', `no WebSocket is taken at ${path.slice(0, 64)}`);
    } else if (!isWebSocket) {
      refuseUpgrade(socket, 426, 'INVALID', 'only an upgrade to websocket is taken here');
    } else {
      take(request, socket, head, clientAddress(request));
    }
  };
}
