import { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { clientOf, setClient } from './client.js';
import type { Verdict } from './sniff.js';
import type { TlsIdentity } from './tls-identity.js';

/** Is it the record of a TLS handshake? RFC 8446 §5.1. */
export function matchTls(bytes: Buffer): Verdict {
  if (bytes[0] !== 0x16) return 'no';
  if (bytes.length < 2) return 'more';
  return bytes[1] === 0x03 ? 'yes' : 'no';
}

/** Takes the TLS off connections that somebody else accepted, and gives them on by what was agreed in ALPN. */
export class TlsDoor {
  readonly #server: Server;
  readonly #forgetIdentity: () => void;

  /**
   * `http2` takes a connection whose client chose `h2`, unread; `other` one whose client chose `http/1.1` or nothing.
   * @param handshakeMs milliseconds for a handshake to be complete.
   */
  constructor(
    identity: TlsIdentity,
    handshakeMs: number,
    next: { http2(socket: TLSSocket): void; other(socket: TLSSocket): void; failed(why: string): void },
  ) {
    this.#server = createServer({
      ...identity.options,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: handshakeMs,
      requestCert: identity.asksClients,
      rejectUnauthorized: identity.asksClients,
      SNICallback: (servername, done) => done(null, identity.contextFor(servername)),
    });
    this.#forgetIdentity = identity.onReload((options) => this.#server.setSecureContext(options));
    this.#server.on('secureConnection', (socket) => {
      // An error is followed by 'close'; without a listener it would end the process.
      socket.on('error', () => {});
      setClient(socket, clientOf(carrierOf(socket)));
      if (socket.alpnProtocol === 'h2') next.http2(socket);
      else next.other(socket);
    });
    this.#server.on('tlsClientError', (error, socket) => {
      next.failed(error.message);
      socket.destroy();
    });
  }

  /** Shakes hands on a connection. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  close(): void {
    this.#forgetIdentity();
  }
}

/** The connection below TLS, which `tls.Server` tells in no other way. */
export function carrierOf(socket: TLSSocket): Socket | undefined {
  const carrier: unknown = Reflect.get(socket, '_parent');
  return carrier instanceof Socket ? carrier : undefined;
}
