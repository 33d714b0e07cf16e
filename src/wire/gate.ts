import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PosternError } from '../errors.js';

/** The other end of a connection. */
export interface FarEnd {
  readonly address: string;
  readonly port: number;
}

/** Knows the connections of one way out, and can break all of them and let no new one be made. */
export class Gate {
  readonly #connections = new Set<Duplex>();
  /** How many want it shut. */
  #shut = 0;

  get isShut(): boolean {
    return this.#shut > 0;
  }

  /** Breaks all connections; new ones are broken at once, until what is given back was called. */
  shut(): () => void {
    this.#shut += 1;
    // without an error: whoever holds one may listen to none just now
    for (const connection of this.#connections) connection.destroy();
    let open = false;
    return () => {
      if (!open) this.#shut -= 1;
      open = true;
    };
  }

  /** Takes a connection, from its making on; gives it back. */
  enter<C extends Duplex>(connection: C): C {
    this.#forgetEnded();
    this.#connections.add(connection);
    if (this.isShut) connection.destroy();
    return connection;
  }

  /** Throws `LINK_CUT` while it is shut. */
  check(): void {
    if (this.isShut) throw new PosternError('LINK_CUT', 'a fault has cut the way to the hub');
  }

  /** Where its connections lead now. */
  get farEnds(): FarEnd[] {
    this.#forgetEnded();
    return [...this.#connections].flatMap((connection) => {
      const { remoteAddress, remotePort } = isSocket(connection) ? connection : {};
      if (remoteAddress === undefined || remotePort === undefined) return [];
      return [{ address: remoteAddress, port: remotePort }];
    });
  }

  // A listener of ours would not do: the client of the bus removes those that it finds.
  #forgetEnded(): void {
    for (const connection of this.#connections) {
      if (connection.destroyed) this.#connections.delete(connection);
    }
  }
}

function isSocket(connection: Duplex): connection is Socket {
  return 'remoteAddress' in connection;
}
