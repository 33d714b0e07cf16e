import type { Socket } from 'node:net';
import { unixPeer } from './client.js';
import { ownNetworkOf } from './networks.js';

/** Counts the open connections of each client, and lets nobody have too many. */
export class ConnectionCounts {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** @param most open connections of one IPv4 address or one /64 network of IPv6. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts a connection until it is closed; false, and not counted, where its client has too many already. Whoever comes
   * over a unix socket is told from nobody else there and not counted.
   */
  admit(socket: Socket, address: string): boolean {
    if (address === unixPeer) return true;
    const client = ownNetworkOf(address);
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(client, open + 1);
    socket.once('close', () => {
      const left = (this.#open.get(client) ?? 1) - 1;
      if (left === 0) this.#open.delete(client);
      else this.#open.set(client, left);
    });
    return true;
  }
}
