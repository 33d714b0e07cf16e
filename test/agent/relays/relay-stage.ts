import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../../../src/agent/relays/spec.js';
import { TcpRelay } from '../../../src/agent/relays/tcp-relay.js';
import { UdpRelay } from '../../../src/agent/relays/udp-relay.js';
import type { Disturbance, DisturbanceKind } from '../../../src/wire/impaired/disturbance.js';
import { testLog } from '../../support/nats.js';

const host = '127.0.0.1';

/** A disturbance for a minute at most. */
export function disturbing(
  kind: DisturbanceKind,
  more: Partial<Omit<Disturbance, 'kind'>> = {},
): Disturbance {
  const none = { share: 0, delayMs: 0, jitterMs: 0, bytesPerSecond: 0, seed: 'a seed' };
  return { kind, direction: 'both', ...none, endsAtMs: Date.now() + 60_000, ...more };
}

/** A server that leaves what comes to the test. */
export async function tcpTarget(t: TestContext, took: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    took(socket);
  });
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return portOf(server.address());
}

/** A relay of TCP to a port, as the way of this machine's daemon to the node `far`, or as the way of others to it. */
export async function tcpRelay(t: TestContext, port: number, node = 'far'): Promise<TcpRelay> {
  const spec = { node, protocol: 'tcp', listen: { host, port: 0 }, target: { host, port } } as const;
  const relay = await TcpRelay.open(spec, { log: testLog });
  t.after(() => relay.close());
  return relay;
}

/** The same of UDP. */
export async function udpRelay(t: TestContext, port: number, node = 'far'): Promise<UdpRelay> {
  const spec = { node, protocol: 'udp', listen: { host, port: 0 }, target: { host, port } } as const;
  const relay = await UdpRelay.open(spec, { log: testLog });
  t.after(() => relay.close());
  return relay;
}

/** A connection to a relay, from an address of this machine. */
export async function client(t: TestContext, { listen }: Relay, localAddress = host): Promise<Socket> {
  const socket = connect({ ...listen, localAddress, allowHalfOpen: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A socket of UDP that is bound, and connected where a port is named. */
export async function udpSocket(t: TestContext, port?: number, address = host): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, address);
  await once(socket, 'listening');
  t.after(() => socket.close());
  if (port !== undefined) {
    socket.connect(port, host);
    await once(socket, 'connect');
  }
  return socket;
}

/** Resolves when it is so, which is looked at each millisecond; rejects when it is not in time. */
export async function soon(what: string, isSo: () => boolean, withinMs = 10_000): Promise<void> {
  for (const endMs = performance.now() + withinMs; !isSo(); await sleep(1)) {
    if (performance.now() > endMs) throw new Error(`never came true: ${what}`);
  }
}

/** All that comes, until the end; the socket may be written to afterwards. */
export async function allOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
