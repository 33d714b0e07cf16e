import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CertificatePair } from '../../../scripts/certs/issue.js';

/** What may be wrong with a door: see `FaultyDoor.fail`. */
export const faults = [
  /** Nobody listens. */
  'gone',
  /** Accepts connections and says nothing, not even of TLS. */
  'silent',
  /** Refuses with 401. */
  'refused',
  /** Refuses with 503. */
  'unavailable',
  /** Grants the upgrade and closes at once. */
  'closing',
  /** Passes the first bytes of the bus, and resets the connection amid them. */
  'resetting',
] as const;
export type Fault = (typeof faults)[number];

/** So much of what the bus says first is passed before a reset, bytes: the upgrade, and some of its INFO. */
const bytesBeforeReset = 300;

/** The front door of a hub as HTTPS, which can fail in many ways. */
export class FaultyDoor {
  /** Connections that came while something was wrong. */
  failed = 0;
  #fault: Fault | undefined;
  #port = 0;
  readonly #hub: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  readonly #https: ReturnType<typeof createHttpsServer>;
  readonly #server = createServer((socket) => this.#came(socket));

  /** `hub` is `127.0.0.1:PORT`, where no TLS is needed. */
  constructor(hub: string, { cert, key }: CertificatePair) {
    this.#hub = { host: '127.0.0.1', port: Number(hub.split(':')[1]) };
    this.#https = createHttpsServer({ cert, key }, (asked, answer) => this.#pass(asked, answer));
    this.#https.on('upgrade', (asked, socket: Duplex, head) => this.#upgrade(asked, socket, head));
    this.#https.on('tlsClientError', () => {});
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens; resolves to its port, which stays. */
  async open(): Promise<number> {
    this.#fault = undefined;
    if (!this.#server.listening) {
      this.#server.listen(this.#port, '127.0.0.1');
      await once(this.#server, 'listening');
    }
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : assert.fail();
    return this.#port;
  }

  /** Is wrong in this way from now on; the connections that are there break. */
  async fail(fault: Fault): Promise<void> {
    this.#fault = fault;
    if (fault === 'gone') await this.close();
    else await this.open().then(() => this.#cut());
    this.#fault = fault;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#cut();
    await closed;
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #came(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    if (this.#fault !== undefined) this.failed += 1;
    if (this.#fault === 'silent') socket.resume();
    else this.#https.emit('connection', socket);
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    if (this.#fault === 'refused' || this.#fault === 'unavailable') {
      answer.writeHead(this.#fault === 'refused' ? 401 : 503).end('no');
      return;
    }
    const { method = 'GET', url = '/', headers } = asked;
    const sent = request({ ...this.#hub, method, path: url, headers, agent: false }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    sent.on('error', () => answer.destroy());
    asked.pipe(sent);
  }

  #upgrade(asked: IncomingMessage, near: Duplex, head: Buffer): void {
    const fault = this.#fault;
    near.on('error', () => near.destroy());
    if (fault === 'refused' || fault === 'unavailable') {
      near.end(
        `HTTP/1.1 ${fault === 'refused' ? '401 Unauthorized' : '503 Service Unavailable'}\r\nContent-Length: 0\r\n\r\n`,
      );
    } else if (fault === 'closing') {
      near.end(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptance(asked)}\r\n\r\n`,
      );
    } else this.#relay(asked, near, head, fault);
  }

  #relay(asked: IncomingMessage, near: Duplex, head: Buffer, fault: Fault | undefined): void {
    const far = connect(this.#hub.port, this.#hub.host);
    far.on('error', () => near.destroy()).once('close', () => near.destroy());
    near.once('close', () => far.destroy());
    const lines = asked.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
    far.write(`GET ${asked.url} HTTP/1.1\r\n${lines}\r\n`);
    far.write(head);
    near.pipe(far);
    if (fault !== 'resetting') {
      far.pipe(near);
      return;
    }
    let bytes = 0;
    far.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      near.write(chunk.subarray(0, bytesBeforeReset));
      if (bytes < bytesBeforeReset) return;
      const port = asked.socket.remotePort;
      for (const socket of this.#sockets) if (socket.remotePort === port) socket.resetAndDestroy();
      far.destroy();
    });
  }
}

/** RFC 6455 §4.2.2. */
function acceptance({ headers }: IncomingMessage): string {
  const given = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  return createHash('sha1').update(given).digest('base64');
}
