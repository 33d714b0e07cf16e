import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import { hasErrorCode } from '../../private-file.js';
import type { TcpAddress } from '../../wire/address.js';
import type { Disturbance } from '../../wire/impaired/disturbance.js';
import type { ProbedWays } from '../../wire/impaired/probe.js';
import type { RelaySpec } from '../relay-spec.js';
import { cannotListen } from './cannot-listen.js';
import { ClientWays } from './client-ways.js';
import { nameOf } from './relay-ways.js';
import type { Relay, RelayCounts, RelayOptions } from './spec.js';
import { UdpClient } from './udp-client.js';

/** Clients at a time; what comes from one more is dropped. */
export const mostClients = 1_024;
/** A client of which nothing was heard, and nothing came for, is forgotten after so long, milliseconds. */
const idleMs = 60_000;
const sweepEveryMs = 10_000;
/** What arrives while this process does something else waits with the kernel, as far as that grants it, bytes. */
export const receiveBytes = 4 * 1024 * 1024;

/** Leads datagrams on, those of each client from a socket of its own. Listens when `open` resolves; rejects with `RELAY_UNUSABLE`. */
export class UdpRelay implements Relay {
  readonly spec: RelaySpec;
  readonly listen: TcpAddress;
  readonly #log: Logger;
  readonly #server: Socket;
  readonly #ways: ClientWays;
  /** By the address and port of the client. */
  readonly #clients = new Map<string, UdpClient>();
  readonly #sweeping: NodeJS.Timeout;

  private constructor(spec: RelaySpec, server: Socket, log: Logger) {
    this.spec = spec;
    this.#log = log;
    this.#server = server;
    this.listen = { host: spec.listen.host, port: server.address().port };
    this.#ways = new ClientWays(spec);
    server.on('message', (datagram, from) => this.#took(datagram, from));
    server.on('error', (error) => log.warn({ err: errorText(error) }, 'a relay of UDP has failed to send'));
    this.#sweeping = setInterval(() => this.#sweep(), sweepEveryMs).unref();
  }

  static async open(spec: RelaySpec, { log }: RelayOptions): Promise<UdpRelay> {
    const { host } = spec.listen;
    // At all addresses: of IPv6, which are those of IPv4 too, where this machine has it.
    const server = await (host === ''
      ? bound(spec, '::').catch((thrown: unknown) => {
          if (!hasErrorCode(thrown, 'EAFNOSUPPORT') && !hasErrorCode(thrown, 'EADDRNOTAVAIL')) throw thrown;
          return bound(spec, '0.0.0.0');
        })
      : bound(spec, host)
    ).catch((thrown: unknown) => {
      throw cannotListen(spec, thrown);
    });
    return new UdpRelay(spec, server, log.child({ relay: nameOf(spec) }));
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** It has no connections that could be broken. */
  get isResetting(): boolean {
    return false;
  }

  counts(): RelayCounts {
    const { all } = this.#ways;
    return { in: { ...all.in.counts }, out: { ...all.out.counts }, connections: 0 };
  }

  ways(from: string | undefined): ProbedWays {
    return this.#ways.look(from);
  }

  disturb(disturbance: Disturbance, from?: readonly string[]): () => void {
    return this.#ways.disturb(disturbance, from);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #took(datagram: Buffer, { address, port }: RemoteInfo): void {
    const client = this.#client(address, port);
    if (client === undefined) this.#ways.all.there.counts.dropped += 1;
    else client.take(datagram);
  }

  #client(address: string, port: number): UdpClient | undefined {
    const key = `${address} ${port}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    if (this.#clients.size >= mostClients) {
      this.#log.warn({ most: mostClients }, 'a relay of UDP has too many clients');
      return undefined;
    }
    const answer = (datagram: Buffer): void => this.#answer(datagram, port, address);
    const made = new UdpClient(this.spec, this.#ways.enter(address), answer);
    this.#clients.set(key, made);
    return made;
  }

  #answer(datagram: Buffer, port: number, address: string): void {
    const { counts } = this.#ways.all.back;
    if (this.#server.getSendQueueSize() > receiveBytes) {
      counts.dropped += 1;
      return;
    }
    counts.packets += 1;
    counts.bytes += datagram.length;
    this.#server.send(datagram, port, address);
  }

  #sweep(): void {
    const atMs = performance.now() - idleMs;
    for (const [key, client] of this.#clients) {
      if (client.usedAtMs > atMs) continue;
      client.close();
      this.#clients.delete(key);
    }
  }
}

async function bound({ listen: { port } }: RelaySpec, address: string): Promise<Socket> {
  const server = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    recvBufferSize: receiveBytes,
    // Whoever is answered is known by address.
    lookup: (found, _, tell) => tell(null, found, isIPv6(found) ? 6 : 4),
  });
  const listening = once(server, 'listening');
  server.bind({ port, exclusive: true, address });
  try {
    await listening;
    return server;
  } catch (thrown) {
    server.close();
    throw thrown;
  }
}
