import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ConnectionOptions, type NatsConnection, NatsConnectionImpl, setTransportFactory } from 'nats';
import { NodeTransport, nodeResolveHost } from 'nats/lib/node_transport.js';
import { Gate } from '../wire/gate.js';

/**
 * The client's own transport leaves its socket without listeners when it closes. A write that failed just before, as
 * one does after the server has ended the connection, is told of only after that, and Node ends the process.
 */
class HeedfulTransport extends NodeTransport {
  override async dial(place: { hostname: string; port: number }): Promise<Socket> {
    const gate = this.#gate;
    gate?.check();
    const socket = await super.dial(place);
    if (gate?.isShut) socket.destroy();
    gate?.check();
    return gate?.enter(socket) ?? socket;
  }

  /** TLS takes what is below it past its stream. */
  override async startTLS(): Promise<TLSSocket> {
    const socket = await super.startTLS();
    return this.#gate?.enter(socket) ?? socket;
  }

  get #gate(): Gate | undefined {
    const { options } = this;
    return 'gate' in options && options.gate instanceof Gate ? options.gate : undefined;
  }

  override close(error?: Error): Promise<void> {
    const { socket } = this;
    const closed = super.close(error);
    // What goes wrong with a connection that was given up is nobody's business any more.
    socket?.on('error', () => {});
    return closed;
  }
}

/**
 * Connects as the client's `connect` does, by TCP or TLS, and through the gate where there is one. Throws what that throws.
 */
export function connectNats(options: ConnectionOptions, gate?: Gate): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new HeedfulTransport(), dnsResolveFn: nodeResolveHost });
  // The client keeps what it does not know among its options, and gives them to each of its transports.
  const gated: ConnectionOptions & { gate?: Gate } = gate === undefined ? options : { ...options, gate };
  return NatsConnectionImpl.connect(gated);
}
