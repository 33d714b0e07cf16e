import {
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { type Client, clientOf, setClient } from './client.js';
import { http2FlawOf } from './http2-flaws.js';
import { http2Options, maxConcurrentStreams, maxHeaderListBytes, windowBytes } from './limits.js';
import { ignore, refuseRequest } from './refuse.js';
import { defaultSessionLimits, SessionKeeper, type SessionLimits } from './session-keeper.js';
import { StreamWindows } from './stream-windows.js';

/** Hears each stream that a client opens. Errors of the stream itself are taken already. */
export type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
) => void;

/** What is done for each stream of one connection. */
interface Joined {
  readonly client: Client;
  opened(): void;
  readonly closed: () => void;
}

/** HTTP/2 on sockets that somebody else accepted. */
export class Http2Door {
  readonly #server: Http2Server;
  readonly #sessions = new Map<Http2Session, Joined>();
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
        const { session } = stream;
        const joined = session === undefined ? undefined : this.#sessions.get(session);
        // For all parts of this door at once: Node makes much of each listener that a stream is given.
        stream.on('error', ignore);
        if (joined !== undefined) {
          joined.opened();
          stream.on('close', joined.closed);
        }
        const flaw = http2FlawOf(joined?.client ?? clientOf(session), headers);
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
    this.#keeper.hurry();
    for (const session of this.#sessions.keys()) session.close();
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#empty = resolve;
    });
  }

  /** Closes all connections at once. */
  close(): void {
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #joined(session: ServerHttp2Session): void {
    const client = clientOf(this.#taking);
    setClient(session, client);
    session.on('error', ignore);
    const silent = setTimeout(() => session.destroy(), this.#settingsMs).unref();
    session.once('remoteSettings', () => clearTimeout(silent));
    session.once('close', () => {
      clearTimeout(silent);
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.#empty?.();
    });
    session.setLocalWindowSize(windowBytes);
    const windows = new StreamWindows(session);
    const use = this.#keeper.keep(session);
    this.#sessions.set(session, {
      client,
      opened: () => {
        windows.opened();
        use.opened();
      },
      closed: () => {
        windows.closed();
        use.closed();
      },
    });
    if (this.#draining) session.close();
  }
}
