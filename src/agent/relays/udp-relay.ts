import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { TcpAddress } from '../../wire/address.js';
import type { Disturbance } from '../../wire/impaired/disturbance.js';
import type { ProbedWays } from '../../wire/impaired/probe.js';
import type { RelaySpec } from '../relay-spec.js';
import { cannotListen } from './cannot-listen.js';
import { ClientWays } from './client-ways.js';
import { nameOf } from './relay-ways.js';
import type { Relay, RelayCounts, RelayOptions } from './spec.js';
import { UdpClient } from './udp-client.js';
import { receiveBytes, udpSockets } from './udp-sockets.js';

/** Clients at a time; what comes from one more is dropped. */
export const mostClients = 1_024;
/** A client of which nothing was heard, and nothing came for, is forgotten after so long, milliseconds. */
const idleMs = 60_000;
const sweepEveryMs = 10_000;

/** Leads datagrams on, those of each client from a socket of its own. Listens when `open` resolves; rejects with `RELAY_UNUSABLE`. */
export class UdpRelay implements Relay {
  readonly spec: RelaySpec;
  readonly listen: TcpAddress;
  readonly #log: Logger;
  readonly #servers: readonly Socket[];
  readonly #ways: ClientWays;
  /** By the address and port of the client. */
  readonly #clients = new Map<string, UdpClient>();
  readonly #sweeping: NodeJS.Timeout;

  private constructor(spec: RelaySpec, servers: [Socket, ...Socket[]], log: Logger) {
    this.spec = spec;
    this.#log = log;
    this.#servers = servers;
    this.listen = { host: spec.listen.host, port: servers[0].address().port };
    this.#ways = new ClientWays(spec);
    for (const server of servers) {
      server.on('message', (datagram, from) => this.#took(server, datagram, from));
      server.on('error', (error) => log.warn({ err: errorText(error) }, 'a relay of UDP has failed to send'));
    }
    this.#sweeping = setInterval(() => this.#sweep(), sweepEveryMs).unref();
  }

  static async open(spec: RelaySpec, { log }: RelayOptions): Promise<UdpRelay> {
    const servers = await udpSockets(spec.listen).catch((thrown: unknown) => {
      throw cannotListen(spec, thrown);
    });
    return new UdpRelay(spec, servers, log.child({ relay: nameOf(spec) }));
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
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = once(server, 'close');
        server.close();
        await closed;
      }),
    );
  }

  #took(server: Socket, datagram: Buffer, { address, port }: RemoteInfo): void {
    const client = this.#client(server, address, port);
    if (client === undefined) this.#ways.all.there.counts.dropped += 1;
    else client.take(datagram);
  }

  #client(server: Socket, address: string, port: number): UdpClient | undefined {
    const key = `${address} ${port}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    if (this.#clients.size >= mostClients) {
      this.#log.warn({ most: mostClients }, 'a relay of UDP has too many clients');
      return undefined;
    }
    const answer = (datagram: Buffer): void => this.#answer(server, datagram, port, address);
    const made = new UdpClient(this.spec, this.#ways.enter(address), answer);
    this.#clients.set(key, made);
    return made;
  }

  #answer(server: Socket, datagram: Buffer, port: number, address: string): void {
    const { counts } = this.#ways.all.back;
    if (server.getSendQueueSize() > receiveBytes) {
      counts.dropped += 1;
      return;
    }
    counts.packets += 1;
    counts.bytes += datagram.length;
    server.send(datagram, port, address);
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
