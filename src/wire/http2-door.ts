import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { clientOf, setClient } from './client.js';
import { http2FlawOf } from './http2-flaws.js';
import { http2Options, maxConcurrentStreams, maxHeaderListBytes, windowBytes } from './limits.js';
import { ignore, refuseRequest } from './refuse.js';
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
  readonly #settingsMs: number;
  /** The connection that becomes a session right now. */
  #taking: Socket | undefined;
  #draining = false;
  #empty: (() => void) | undefined;

  /** @param settingsMs milliseconds for a client to send the SETTINGS that begin a session. */
  constructor(onStream: StreamListener, settingsMs: number, limits: SessionLimits = defaultSessionLimits) {
    this.#settingsMs = settingsMs;
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
        const flaw = http2FlawOf(stream.session, headers);
        if (flaw === undefined) onStream(stream, headers, rawHeaders);
        else refuseRequest(stream, { ok: false, httpStatus: 400, status: 3, message: flaw });
      },
    );
  }

  /** Serves a connection whose first bytes are the HTTP/2 preface. */
  take(socket: Socket): void {
    this.#taking = socket;
    this.#server.emit('connection', socket);
    this.#taking = undefined;
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
    setClient(session, clientOf(this.#taking));
    session.on('error', ignore);
    const silent = setTimeout(() => session.destroy(), this.#settingsMs).unref();
    session.once('remoteSettings', () => clearTimeout(silent));
    session.once('close', () => {
      clearTimeout(silent);
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#empty?.();
    });
    session.setLocalWindowSize(windowBytes);
    keepWindows(session);
    this.#keeper.keep(session);
    if (this.#draining) session.close();
  }
}
