import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { PeerLink } from './link.js';
import type { Session } from './session.js';

/** Pipes that are open or asked for at a time. */
const mostPipes = 256;
/** Whoever is asked for has so long to come, in milliseconds. */
const comeMs = 10_000;
/** A pipe in which nothing moves for so long is cut, in milliseconds: peers say something far more often. */
const quietMs = 60_000;

interface Waiting {
  readonly link: PeerLink;
  readonly wanted: Buffer;
  readonly timer: NodeJS.Timeout;
}

/** Leads connections of peers that cannot reach each other to each other. */
export class Relay {
  readonly #session: (id: string) => Session | undefined;
  readonly #waiting = new Map<string, Waiting>();
  readonly #pipes = new Set<Socket>();

  constructor(session: (id: string) => Session | undefined) {
    this.#session = session;
  }

  /** Somebody wants to be led to a peer that is connected here. */
  connect(link: PeerLink, wanted: Uint8Array): void {
    const to = this.#session(Buffer.from(wanted).toString('hex'));
    if (to === undefined) {
      refuse(link, 'no such peer is connected to the relay');
      return;
    }
    if (this.#waiting.size + this.#pipes.size / 2 >= mostPipes) {
      refuse(link, 'the relay has too much to do');
      return;
    }
    const ticket = randomBytes(16);
    const id = ticket.toString('hex');
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      refuse(link, 'the peer did not come');
    }, comeMs);
    this.#waiting.set(id, { link, wanted: Buffer.from(wanted), timer });
    void link.closed.then(() => this.#forget(id));
    to.link.send({ $case: 'incoming', value: { ticket } });
  }

  /** Whoever was asked for has come. */
  accept(link: PeerLink, ticket: Uint8Array): void {
    const id = Buffer.from(ticket).toString('hex');
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || !waiting.wanted.equals(link.remote.key)) {
      refuse(link, 'there is no such ticket for it');
      return;
    }
    this.#forget(id);
    const piped = { $case: 'piped', value: { error: '' } } as const;
    this.#pipe(waiting.link.detach(piped), link.detach(piped));
  }

  stop(): void {
    for (const id of [...this.#waiting.keys()]) this.#forget(id);
    for (const socket of this.#pipes) socket.destroy();
  }

  #forget(id: string): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
  }

  #pipe(one: Socket, other: Socket): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#pipes.add(from);
      from.setTimeout(quietMs, () => from.destroy());
      from.on('error', () => {});
      from.once('close', () => {
        this.#pipes.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

function refuse(link: PeerLink, error: string): void {
  link.send({ $case: 'piped', value: { error } });
}
