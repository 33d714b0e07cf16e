import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { http2Options, maxConcurrentStreams, maxHeaderListBytes, windowBytes } from './limits.js';
import { ignore } from './refuse.js';
import { defaultSessionLimits, SessionKeeper, type SessionLimits } from './session-keeper.js';
import { keepWindows } from './stream-windows.js';

/** Hears each stream that a client opens. */
export type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
) => void;

/** HTTP/2 on sockets that somebody else accepted. */
export class Http2Door {
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #keeper: SessionKeeper;
  #draining = false;
  #empty: (() => void) | undefined;

  constructor(onStream: StreamListener, limits: SessionLimits = defaultSessionLimits) {
    this.#keeper = new SessionKeeper(limits);
    this.#server = createServer({
      ...http2Options,
      settings: {
        initialWindowSize: windowBytes,
        maxConcurrentStreams,
        maxHeaderListSize: maxHeaderListBytes,
      },
    });
    this.#server.on('session', (session) => this.#joined(session));
    this.#server.on('sessionError', ignore);
    this.#server.on(
      'stream',
      (
        stream: ServerHttp2Stream,
        headers: IncomingHttpHeaders,
        _flags: number,
        rawHeaders: readonly string[],
      ) => {
        stream.on('error', ignore);
        onStream(stream, headers, rawHeaders);
      },
    );
  }

  /** Serves a connection whose first bytes are the HTTP/2 preface. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Sends GOAWAY on all connections; resolves when their open streams are over. */
  drain(): Promise<void> {
    this.#draining = true;
    for (const session of this.#sessions) session.close();
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#empty = resolve;
    });
  }

  /** Closes all connections at once. */
  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #joined(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on('error', ignore);
    session.once('close', () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#empty?.();
    });
    session.setLocalWindowSize(windowBytes);
    keepWindows(session);
    this.#keeper.keep(session);
    if (this.#draining) session.close();
  }
}
