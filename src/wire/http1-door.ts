import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bodyFlawOf, flawOf } from './http1-flaws.js';
import { longestHttp1HeaderBytes } from './limits.js';
import { plainAnswer } from './plain-answer.js';

/**
 * Answers one request. One that expects `100-continue` is told so by whoever is about to read its body. `unbound` lifts
 * the limits on how long its body may take and how long both ends may be silent, until the response is over.
 */
export type RequestTaker = (request: IncomingMessage, response: ServerResponse, unbound: () => void) => void;

/** Tells a client that waits for it to send the body of its request (`Expect: 100-continue`). */
export function askForBody({ httpVersion, headers }: IncomingMessage, response: ServerResponse): void {
  if (httpVersion !== '1.0' && headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
}

/** Takes over a connection that asked for another protocol (`Upgrade:`). It must handle the socket's errors. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Milliseconds for a request's body to be complete. */
const bodyTimeoutMs = 60_000;
/** Milliseconds without a byte in either direction while a response is made. */
const idleTimeoutMs = 120_000;
/** Requests of one connection that may be open at once; a client that pipelines more is cut. */
const mostPipelined = 100;

/**
 * HTTP/1.1 on sockets that somebody else accepted. Node's own guards against slow requests work only on servers that
 * listen themselves, so it has its own.
 */
export class Http1Door {
  readonly #server: Server;
  /** Open sockets and the responses that each still owes. */
  readonly #owed = new Map<Duplex, number>();
  readonly #timers = new Map<Duplex, NodeJS.Timeout>();
  readonly #headMs: number;
  #draining = false;
  #empty: (() => void) | undefined;

  /**
   * @param headMs milliseconds for a request's header to be complete, from the first byte or from the end of the last
   * response.
   */
  constructor(onRequest: RequestTaker, onUpgrade: UpgradeListener | undefined, headMs: number) {
    this.#headMs = headMs;
    this.#server = createServer({ keepAliveTimeout: headMs, maxHeaderSize: longestHttp1HeaderBytes });
    this.#server.timeout = idleTimeoutMs;
    // By default Node leaves out what comes after 2,000 fields, without a word.
    this.#server.maxHeadersCount = 0;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request;
      const owed = (this.#owed.get(socket) ?? 0) + 1;
      if (owed > mostPipelined) {
        socket.destroy();
        return;
      }
      this.#owed.set(socket, owed);
      this.#arm(socket, bodyTimeoutMs);
      request.once('end', () => this.#disarm(socket));
      if (this.#draining) response.setHeader('connection', 'close');
      response.once('close', () => this.#responded(socket));
      const flaw = flawOf(request);
      if (flaw === undefined) onRequest(request, response, () => this.#unbind(request, response));
      else if (owed > 1) socket.destroy();
      else socket.end(plainAnswer(flaw.status, flaw.why), () => socket.destroy());
    };
    this.#server.on('request', take);
    // With `Expect: 100-continue`; whoever answers tells the client to go on, or does not.
    this.#server.on('checkContinue', take);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
      const why = tooLong
        ? `the header of a request is longer than ${longestHttp1HeaderBytes} bytes`
        : 'this is no request that can be read';
      socket.end(plainAnswer(tooLong ? 431 : 400, why), () => socket.destroy());
    });
    if (onUpgrade !== undefined) {
      this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        this.#disarm(socket);
        // From here on the connection lives as long as its new owner wants.
        request.socket.setTimeout(0);
        this.#owed.set(socket, 1);
        const flaw = flawOf(request) ?? bodyFlawOf(request);
        if (flaw === undefined) {
          onUpgrade(request, socket, head);
          return;
        }
        socket.on('error', () => socket.destroy());
        socket.end(plainAnswer(flaw.status, flaw.why), () => socket.destroy());
      });
    }
  }

  /** Serves a connection. */
  take(socket: Socket): void {
    this.#owed.set(socket, 0);
    this.#arm(socket, this.#headMs);
    socket.once('close', () => {
      this.#disarm(socket);
      this.#owed.delete(socket);
      if (this.#owed.size === 0) this.#empty?.();
    });
    this.#server.emit('connection', socket);
    socket.resume();
  }

  /** Closes idle connections at once and the others after their response; resolves when none is left. */
  drain(): Promise<void> {
    this.#draining = true;
    for (const [socket, owed] of this.#owed) if (owed === 0) socket.destroy();
    if (this.#owed.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#empty = resolve;
    });
  }

  /** Closes all connections, upgraded ones too. */
  close(): void {
    for (const socket of this.#owed.keys()) socket.destroy();
  }

  #unbind({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#disarm(socket);
    socket.setTimeout(0);
    response.once('close', () => {
      // Node itself bounds a connection that waits for the next request.
      if (socket.timeout === 0 && !socket.destroyed) socket.setTimeout(idleTimeoutMs);
    });
  }

  #responded(socket: Duplex): void {
    const owed = this.#owed.get(socket);
    if (owed === undefined) return;
    this.#owed.set(socket, owed - 1);
    if (owed > 1) return;
    if (this.#draining) socket.end();
    else this.#arm(socket, this.#headMs);
  }

  #arm(socket: Duplex, timeoutMs: number): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.set(socket, setTimeout(() => socket.destroy(), timeoutMs).unref());
  }

  #disarm(socket: Duplex): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
  }
}
