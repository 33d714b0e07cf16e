import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { TcpAddress } from '../../wire/address.js';
import { breakOff } from '../../wire/break-off.js';
import { disturbUntil } from '../../wire/impaired/disturb-until.js';
import type { Disturbance } from '../../wire/impaired/disturbance.js';
import { HeldReading } from '../../wire/impaired/held-reading.js';
import type { ProbedWays } from '../../wire/impaired/probe.js';
import { joinDuplexes } from '../../wire/join-duplexes.js';
import { plainAddress } from '../faults/plain-address.js';
import type { RelaySpec } from '../relay-spec.js';
import { cannotListen } from './cannot-listen.js';
import { type Branch, ClientWays } from './client-ways.js';
import { dialledFrom } from './dialled-from.js';
import { nameOf } from './relay-ways.js';
import type { Relay, RelayCounts, RelayOptions } from './spec.js';

/** Connections at a time; one more is reset. */
export const mostConnections = 2_000;
/** Of them so many wait for the end of a partition; with one more the first one is reset, as in a full backlog. */
const mostWaiting = 256;
/** The target may take so long to accept, milliseconds. */
const dialMs = 10_000;

/** A connection that came, and what disturbs it. */
interface Near {
  readonly socket: Socket;
  readonly address: string;
  readonly branch: Branch;
}

/** A connection that is led on. */
interface Led extends Near {
  readonly far: Socket;
  readonly held: readonly HeldReading[];
}

/** A reset of all connections, or of those from some addresses. */
interface Reset {
  readonly from: readonly string[] | undefined;
}

/** Leads connections of TCP on. Listens when `open` resolves; rejects with `RELAY_UNUSABLE`. */
export class TcpRelay implements Relay {
  readonly spec: RelaySpec;
  readonly #log: Logger;
  readonly #server: Server;
  readonly #ways: ClientWays;
  readonly #led = new Set<Led>();
  /** In the order of their coming. */
  readonly #waiting = new Set<Near>();
  readonly #dialling = new Set<Near>();
  readonly #resets = new Set<Reset>();
  /** Bytes of connections that are over; connections that were broken, or had to wait. */
  readonly #over = { there: 0, back: 0, struck: 0 };

  private constructor(spec: RelaySpec, server: Server, log: Logger) {
    this.spec = spec;
    this.#log = log;
    this.#server = server;
    this.#ways = new ClientWays(spec);
    server.on('connection', (socket) => this.#took(socket));
    // One that cannot be taken, for want of descriptors, is not taken.
    server.on('error', (error) => this.#log.warn({ err: errorText(error) }, 'a relay takes no connection'));
  }

  static async open(spec: RelaySpec, { log }: RelayOptions): Promise<TcpRelay> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const { host, port } = spec.listen;
    server.listen({ port, ...(host === '' ? {} : { host }) });
    await once(server, 'listening').catch((thrown: unknown) => {
      throw cannotListen(spec, thrown);
    });
    return new TcpRelay(spec, server, log.child({ relay: nameOf(spec) }));
  }

  get listen(): TcpAddress {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.spec.listen.port;
    return { host: this.spec.listen.host, port };
  }

  get connections(): number {
    return this.#led.size + this.#waiting.size + this.#dialling.size;
  }

  get isResetting(): boolean {
    return this.#resets.size > 0;
  }

  counts(): RelayCounts {
    const { all } = this.#ways;
    let { there, back } = this.#over;
    for (const { socket, far } of this.#led) {
      there += socket.bytesRead;
      back += far.bytesRead;
    }
    const toTarget = { ...all.there.counts, bytes: there - all.there.heldBytes };
    const fromTarget = { ...all.back.counts, bytes: back - all.back.heldBytes };
    const [incoming, outgoing] = all.there === all.in ? [toTarget, fromTarget] : [fromTarget, toTarget];
    return { in: incoming, out: outgoing, connections: this.#over.struck };
  }

  ways(from: string | undefined): ProbedWays {
    return this.#ways.look(from);
  }

  disturb(disturbance: Disturbance, from?: readonly string[]): () => void {
    if (disturbance.kind !== 'reset') return this.#ways.disturb(disturbance, from);
    return disturbUntil(disturbance, () => {
      const reset = { from };
      this.#resets.add(reset);
      for (const near of [...this.#led, ...this.#waiting, ...this.#dialling]) this.#breakIfReset(near);
      return () => this.#resets.delete(reset);
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { socket } of [...this.#led, ...this.#waiting, ...this.#dialling]) breakOff(socket);
    await closed;
  }

  /** True where it was broken, or is now. */
  #breakIfReset({ socket, address }: Near): boolean {
    const isReset = [...this.#resets].some(({ from }) => from?.includes(address) !== false);
    if (!isReset || socket.destroyed) return isReset;
    this.#over.struck += 1;
    // The other end is broken off with it.
    breakOff(socket);
    return true;
  }

  #took(socket: Socket): void {
    // Without a listener it would end the process.
    socket.on('error', () => {});
    const address = plainAddress(socket.remoteAddress ?? '');
    if (this.connections >= mostConnections) {
      this.#log.warn({ most: mostConnections }, 'a relay has too many connections');
      breakOff(socket);
      return;
    }
    const near = { socket, address, branch: this.#ways.enter(address) };
    socket.once('close', () => near.branch.leave());
    if (this.#breakIfReset(near)) return;
    if (isStill(near)) this.#await(near);
    else this.#leadOn(near);
  }

  /** Leads it on when both directions are open again, which a connection needs to be made. */
  #await(near: Near): void {
    const { socket, branch } = near;
    const [first] = this.#waiting;
    if (first !== undefined && this.#waiting.size >= mostWaiting) breakOff(first.socket);
    this.#over.struck += 1;
    this.#waiting.add(near);
    const goOn = (): void => {
      if (isStill(near)) return;
      over();
      socket.off('close', over);
      this.#leadOn(near);
    };
    const unhear = [branch.in.onChange(goOn), branch.out.onChange(goOn)];
    const over = (): void => {
      this.#waiting.delete(near);
      for (const one of unhear) one();
    };
    socket.once('close', over);
  }

  #leadOn(near: Near): void {
    const { socket } = near;
    if (socket.destroyed) return;
    const { host, port, from } = dialledFrom(this.spec);
    const local = from === undefined ? {} : { localAddress: from };
    const far = connect({ host, port, ...local, allowHalfOpen: true, noDelay: true });
    this.#dialling.add(near);
    const fail = (why: string): void => {
      this.#dialling.delete(near);
      clearTimeout(timer);
      far.destroy();
      if (socket.destroyed) return;
      this.#log.debug({ err: why }, 'a relay does not reach its target');
      breakOff(socket);
    };
    const timer = setTimeout(() => fail(`no connection within ${dialMs} ms`), dialMs);
    const gone = (): void => fail('nobody waits for it any more');
    const failed = (error: Error): void => fail(errorText(error));
    socket.once('close', gone);
    far.on('error', failed);
    far.once('connect', () => {
      clearTimeout(timer);
      socket.off('close', gone);
      this.#dialling.delete(near);
      this.#join(near, far);
      far.off('error', failed);
    });
  }

  #join(near: Near, far: Socket): void {
    const { socket, branch } = near;
    const held = [new HeldReading(socket, branch.there), new HeldReading(far, branch.back)];
    const led: Led = { ...near, far, held };
    this.#led.add(led);
    let open = 2;
    const closed = (): void => {
      open -= 1;
      if (open > 0) return;
      this.#led.delete(led);
      this.#over.there += socket.bytesRead;
      this.#over.back += far.bytesRead;
      for (const one of held) one.stop();
    };
    socket.once('close', closed);
    far.once('close', closed);
    joinDuplexes(socket, far);
  }
}

function isStill({ branch }: Near): boolean {
  return branch.in.isStill || branch.out.isStill;
}
