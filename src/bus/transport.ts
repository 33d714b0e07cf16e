import { type ConnectionOptions, type NatsConnection, NatsConnectionImpl, setTransportFactory } from 'nats';
import { NodeTransport, nodeResolveHost } from 'nats/lib/node_transport.js';

/**
 * The client's own transport leaves its socket without listeners when it closes. A write that failed just before, as
 * one does after the server has ended the connection, is told of only after that, and Node ends the process.
 */
class HeedfulTransport extends NodeTransport {
  override close(error?: Error): Promise<void> {
    const { socket } = this;
    const closed = super.close(error);
    // What goes wrong with a connection that was given up is nobody's business any more.
    socket?.on('error', () => {});
    return closed;
  }
}

/** Connects as the client's `connect` does, by TCP or TLS. Throws what that throws. */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new HeedfulTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
