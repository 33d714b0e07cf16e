import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../../../src/wire/address.js';

const everyMs = 20;
/** Answers come late on a busy machine, but not so long after each other, milliseconds. */
const quietMs = 1_500;

/** What became of datagrams that an echo was to send back. */
export interface Echoed {
  sent: number;
  /** Came back, each counted once. */
  back: number;
  /** Came back once more. */
  twice: number;
  /** Came back after one that was sent later. */
  late: number;
}

/** An echo of UDP of this machine. */
export async function echo(): Promise<Socket> {
  const socket = createSocket('udp4', (datagram, { port, address }) => socket.send(datagram, port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Sends numbers through a relay of UDP (`HOST:PORT`) to an echo, one after the other, until it is ended. */
export class Numbers {
  readonly echoed: Echoed = { sent: 0, back: 0, twice: 0, late: 0 };
  readonly #socket = createSocket('udp4');
  readonly #came = new Set<number>();
  #latest = -1;
  #heardAtMs = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(relay: string) {
    const address = parseAddress(relay);
    if ('path' in address) throw new Error(`${relay} is no place of a relay`);
    this.#socket.on('message', (datagram) => this.#heard(Number(String(datagram))));
    this.#timer = setInterval(() => {
      this.#socket.send(String(this.echoed.sent), address.port, address.host);
      this.echoed.sent += 1;
    }, everyMs);
  }

  /** Resolves when nothing comes any more. */
  async end(): Promise<Echoed> {
    clearInterval(this.#timer);
    this.#heardAtMs = performance.now();
    while (performance.now() - this.#heardAtMs < quietMs) await sleep(everyMs);
    this.#socket.close();
    return this.echoed;
  }

  #heard(number: number): void {
    this.#heardAtMs = performance.now();
    if (this.#came.has(number)) {
      this.echoed.twice += 1;
      return;
    }
    this.#came.add(number);
    this.echoed.back += 1;
    if (number < this.#latest) this.echoed.late += 1;
    this.#latest = Math.max(this.#latest, number);
  }
}
