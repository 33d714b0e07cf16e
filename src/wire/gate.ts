import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PosternError } from '../errors.js';
import { breakOff } from './break-off.js';
import { disturbUntil } from './impaired/disturb-until.js';
import type { Disturbance } from './impaired/disturbance.js';
import { HeldReading } from './impaired/held-reading.js';
import { HeldWriting } from './impaired/held-writing.js';
import { Way } from './impaired/way.js';

/** The other end of a connection. */
export interface FarEnd {
  readonly address: string;
  readonly port: number;
}

/** What holds up a connection while something disturbs it. */
type Holds = readonly (HeldReading | HeldWriting)[];

/**
 * Knows the connections of one way out: can break all of them and let no new one be made, and can disturb what goes
 * through them.
 */
export class Gate {
  /** As seen from this machine. */
  readonly ways = { in: new Way('gate', 'in'), out: new Way('gate', 'out') } as const;
  readonly #connections = new Map<Duplex, Holds>();
  /** How many want it shut. */
  #shut = 0;
  /** Of them, how many by resets. */
  #resets = 0;

  get isShut(): boolean {
    return this.#shut > 0;
  }

  /** Breaks all connections; new ones are broken at once, until what is given back was called. */
  shut(): () => void {
    this.#shut += 1;
    for (const connection of this.#connections.keys()) this.#break(connection);
    let open = false;
    return () => {
      if (!open) this.#shut -= 1;
      open = true;
    };
  }

  /** Disturbs what goes through it, beside what does already, until what is given back was called. */
  disturb(disturbance: Disturbance): () => void {
    if (disturbance.kind !== 'reset') return disturbUntil(disturbance, this.ways);
    return disturbUntil(disturbance, () => {
      this.#resets += 1;
      const open = this.shut();
      return () => {
        open();
        this.#resets -= 1;
      };
    });
  }

  /** Takes a connection, from its making on; gives it back. */
  enter<C extends Duplex>(connection: C): C {
    this.#forgetEnded();
    if (!this.#connections.has(connection)) {
      const { ways } = this;
      this.#connections.set(connection, [
        new HeldReading(connection, ways.in),
        new HeldWriting(connection, ways.out),
      ]);
    }
    if (this.isShut) this.#break(connection);
    return connection;
  }

  #break(connection: Duplex): void {
    // without an error: whoever holds one may listen to none just now
    if (this.#resets > 0) breakOff(connection);
    else connection.destroy();
  }

  /** Throws `LINK_CUT` while it is shut. */
  check(): void {
    if (this.isShut) throw new PosternError('LINK_CUT', 'a fault has cut the way to the hub');
  }

  /** Where its connections lead now. */
  get farEnds(): FarEnd[] {
    this.#forgetEnded();
    return [...this.#connections.keys()].flatMap((connection) => {
      const { remoteAddress, remotePort } = isSocket(connection) ? connection : {};
      if (remoteAddress === undefined || remotePort === undefined) return [];
      return [{ address: remoteAddress, port: remotePort }];
    });
  }

  // A listener of ours would not do: the client of the bus removes those that it finds.
  #forgetEnded(): void {
    for (const [connection, holds] of this.#connections) {
      if (!connection.destroyed) continue;
      this.#connections.delete(connection);
      for (const held of holds) held.stop();
    }
  }
}

function isSocket(connection: Duplex): connection is Socket {
  return 'remoteAddress' in connection;
}
