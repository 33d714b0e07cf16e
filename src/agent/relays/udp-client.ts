import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DatagramQueue } from '../../wire/impaired/datagram-queue.js';
import type { Counts } from '../../wire/impaired/way.js';
import type { RelaySpec } from '../relay-spec.js';
import type { Branch } from './client-ways.js';
import { dialledFrom } from './dialled-from.js';

/** Datagrams that come before the socket is ready; more are dropped. */
const mostEarly = 64;
/** What the kernel does not take at once waits up to so many bytes. */
const mostUnsentBytes = 4 * 1024 * 1024;

/** One client of a UDP relay: a socket towards the target, which takes nothing from anybody else. */
export class UdpClient {
  /** When something went either way last, by `performance.now`. */
  usedAtMs = performance.now();
  #socket: Socket | undefined;
  readonly #branch: Branch;
  readonly #counts: Counts;
  readonly #there: DatagramQueue;
  readonly #back: DatagramQueue;
  #early: Buffer[] | undefined = [];
  #closed = false;
  #failed = false;

  constructor(spec: RelaySpec, branch: Branch, answer: (datagram: Buffer) => void) {
    this.#branch = branch;
    this.#there = new DatagramQueue(branch.there);
    this.#back = new DatagramQueue(branch.back);
    this.#counts = branch.there.counts;
    void this.#open(dialledFrom(spec), answer);
  }

  async #open(
    { host, port, from }: ReturnType<typeof dialledFrom>,
    answer: (datagram: Buffer) => void,
  ): Promise<void> {
    const family = isIP(host) === 0 ? await familyOf(host) : isIP(host);
    if (this.#closed) return;
    const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', recvBufferSize: mostUnsentBytes });
    this.#socket = socket;
    // That nobody listens there is told in this way, for one thing; it may be otherwise for the next datagram.
    socket.on('error', () => {});
    const back = this.#back;
    socket.on('message', (datagram) => {
      this.usedAtMs = performance.now();
      if (back.isClear) answer(datagram);
      else back.take(datagram.length, () => answer(datagram));
    });
    socket.once('listening', () => {
      if (!this.#closed) socket.connect(port, host, (...[error]: unknown[]) => this.#connected(error));
    });
    socket.bind({ port: 0, exclusive: true, ...(from === undefined ? {} : { address: from }) });
  }

  /** Takes what the client has sent. */
  take(datagram: Buffer): void {
    this.usedAtMs = performance.now();
    if (this.#there.isClear) this.#send(datagram);
    else this.#there.take(datagram.length, () => this.#send(datagram));
  }

  #send(datagram: Buffer): void {
    if (this.#closed || this.#failed) {
      this.#counts.dropped += 1;
    } else if (this.#early !== undefined) {
      if (this.#early.length < mostEarly) this.#early.push(datagram);
      else this.#counts.dropped += 1;
    } else if (this.#socket === undefined || this.#socket.getSendQueueSize() > mostUnsentBytes) {
      this.#counts.dropped += 1;
    } else {
      this.#counts.packets += 1;
      this.#counts.bytes += datagram.length;
      this.#socket.send(datagram);
    }
  }

  close(): void {
    this.#counts.dropped += this.#early?.length ?? 0;
    this.#early = undefined;
    this.#closed = true;
    this.#there.stop();
    this.#back.stop();
    this.#socket?.close();
    this.#branch.leave();
  }

  /** Where the name of the target is not known, it may be for the next client. */
  #connected(error: unknown): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#failed = error !== undefined && error !== null;
    for (const datagram of early) this.#send(datagram);
  }
}

/** Of a name with addresses of both, 4. */
async function familyOf(name: string): Promise<number> {
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ family }) => family === 6) ? 6 : 4;
}
