import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { clientAddress } from '../wire/client.js';
import type { UpgradeListener } from '../wire/http1-door.js';
import { refuseUpgrade } from './refuse-upgrade.js';

/** Takes over a connection; `from` is the client's address. It never throws and handles the socket's errors. */
export type UpgradeTaker = (request: IncomingMessage, socket: Duplex, head: Buffer, from: string) => void;

/** Gives requests for WebSockets to who takes them, by path. */
export function upgradeListener(takers: Readonly<Record<string, UpgradeTaker>>): UpgradeListener {
  const byPath = new Map(Object.entries(takers));
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const take = byPath.get(path);
    if (take === undefined) {
      refuseUpgrade(socket, 404, 'NOT_FOUND', `no WebSocket is taken at ${path.slice(0, 64)}`);
    } else if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      refuseUpgrade(socket, 426, 'INVALID', 'only an upgrade to websocket is taken here');
    } else {
      take(request, socket, head, clientAddress(request));
    }
  };
}
