import { type ClientHttp2Session, connect, constants, type SessionOptions } from 'node:http2';
import type { Duplex } from 'node:stream';
import { PosternError } from '../errors.js';
import { http2Options, maxHeaderListBytes, windowBytes } from './limits.js';
import { StreamWindows } from './stream-windows.js';
import { endWhenStuck } from './stuck-session.js';

/**
 * Resets that one session may send. Node's servers end a connection after about 1,000 in a burst, and others have
 * like guards, so a session is left before.
 */
const resetBudget = 800;
/** So much of the reason that a server gives is shown, bytes. */
const mostReasonBytes = 256;
/** How often a session with open calls is looked at whether it is stuck, milliseconds. */
const lookMs = 5_000;

/** What the owner of a session hears. */
export interface SessionHooks {
  /** No new calls on it: it was left, is going away or is gone. Once. */
  retired(session: UpstreamSession): void;
  /** A slot for a call may be free. */
  slotFree(): void;
}

/** One HTTP/2 client connection, ready for calls. */
export class UpstreamSession {
  readonly http2: ClientHttp2Session;
  readonly #hooks: SessionHooks;
  readonly #windows: StreamWindows;
  #inFlight = 0;
  #used = false;
  #resets = 0;
  #retired = false;
  #lost: string | undefined;
  /** The server has taken no stream above it (RFC 9113 section 6.8). */
  #lastTaken = Number.POSITIVE_INFINITY;

  constructor(http2: ClientHttp2Session, hooks: SessionHooks) {
    this.http2 = http2;
    this.#hooks = hooks;
    this.#windows = new StreamWindows(http2);
    http2.on('goaway', (code, lastStreamId, said) => {
      this.#lastTaken = lastStreamId;
      if (code !== constants.NGHTTP2_NO_ERROR)
        this.#lost = `the server closed the connection with code ${code}${reasonOf(said)}`;
      this.retire();
    });
    http2.on('error', (error) => {
      this.#lost ??= error.message;
      this.retire();
    });
    http2.on('close', () => this.retire());
    http2.on('remoteSettings', () => hooks.slotFree());
    endWhenStuck(
      http2,
      lookMs,
      () => this.#inFlight > 0,
      () => {
        this.#lost ??= 'it broke HTTP/2';
      },
    );
  }

  /** Calls that are open on it. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** True when no call was ever opened on it. */
  get unused(): boolean {
    return !this.#used;
  }

  /** True when one more call may be opened now. */
  get hasSlot(): boolean {
    return this.#inFlight < (this.http2.remoteSettings?.maxConcurrentStreams ?? 100);
  }

  /** True when the connection is gone, so that what became of its calls is unknown. */
  get dead(): boolean {
    return this.http2.destroyed;
  }

  /** Received bytes of one call that may be on their way onwards before it is paused. */
  get bufferBytes(): number {
    return this.#windows.bufferBytes;
  }

  /** True when the server has said that it never took this stream. */
  disowned(streamId: number | undefined): boolean {
    return streamId !== undefined && streamId > this.#lastTaken;
  }

  /** Why it died, for people. */
  get lost(): string {
    return this.#lost ?? 'the connection was closed';
  }

  callOpened(): void {
    this.#inFlight += 1;
    this.#windows.opened();
    this.#used = true;
  }

  callClosed(): void {
    this.#inFlight -= 1;
    this.#windows.closed();
    if (!this.#retired) this.#hooks.slotFree();
    else if (this.#inFlight === 0 && !this.http2.destroyed) this.http2.close();
  }

  /** Counts a reset that we sent. */
  resetSent(): void {
    this.#resets += 1;
    if (this.#resets >= resetBudget) this.retire();
  }

  /** Takes no more calls; those that are open finish. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#hooks.retired(this);
    if (!this.http2.destroyed && !this.http2.closed) this.http2.close();
  }

  destroy(): void {
    this.retire();
    this.http2.destroy();
  }
}

/** What a server says in a GOAWAY, for people. */
function reasonOf(said: NodeJS.ArrayBufferView | undefined): string {
  if (said === undefined || said.byteLength === 0) return '';
  const bytes = Buffer.from(said.buffer, said.byteOffset, Math.min(said.byteLength, mostReasonBytes));
  return `: ${bytes.toString('utf8').replace(/\p{Cc}/gu, ' ')}`;
}

/**
 * Starts HTTP/2 on a transport. Resolves when the server's SETTINGS are there: then it does speak HTTP/2 and its
 * limits are known. Rejects with `PosternError` `DIAL_FAILED`.
 */
export function startSession(
  transport: Duplex,
  scheme: 'http' | 'https',
  name: string,
  timeoutMs: number,
): Promise<ClientHttp2Session> {
  const options: SessionOptions & { createConnection: () => Duplex } = {
    ...http2Options,
    createConnection: () => transport,
    settings: { enablePush: false, initialWindowSize: windowBytes, maxHeaderListSize: maxHeaderListBytes },
  };
  const session = connect(`${scheme}://localhost`, options);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      session.destroy();
      const message = `the server at ${name} cannot be reached: ${why}`;
      reject(new PosternError('DIAL_FAILED', message));
    };
    const timer = setTimeout(() => fail(`no HTTP/2 settings within ${timeoutMs} ms`), timeoutMs);
    const broken = (error?: Error): void =>
      fail(`it does not speak HTTP/2${error === undefined ? '' : ` (${error.message})`}`);
    const sentAway = (code: number, _: number, said: NodeJS.ArrayBufferView | undefined): void => {
      if (code !== constants.NGHTTP2_NO_ERROR)
        fail(`it closed the connection with code ${code}${reasonOf(said)}`);
    };
    session.once('goaway', sentAway);
    // Stays on: the session may fail again while it is torn down.
    session.on('error', broken);
    session.once('close', broken);
    session.once('remoteSettings', () => {
      // Who takes no connections may say so in the same breath.
      setImmediate(() => {
        if (session.destroyed) return;
        clearTimeout(timer);
        session.off('close', broken);
        session.off('goaway', sentAway);
        session.setLocalWindowSize(windowBytes);
        resolve(session);
      });
    });
  });
}
