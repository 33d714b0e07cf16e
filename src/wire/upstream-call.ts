import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { Call, CallHead, CallReset, CallSink, RawMetadata } from '../rpc/call.js';
import { forwardableMetadata } from '../rpc/metadata.js';
import { sendBufferBytes } from './limits.js';
import { isGrpcContentType } from './request.js';
import {
  connectionLost,
  deadlinePassed,
  notGrpc,
  resetByServer,
  unsendable,
  withoutStatus,
} from './upstream-ends.js';
import { isSessionGone, requestHeaders, requestOptions, sendCancel } from './upstream-request.js';
import type { UpstreamSession } from './upstream-session.js';

/** Longest delay that a Node timer takes; a deadline beyond it is left to the other end. */
const maxTimerMs = 2_147_483_647;

/** Milliseconds between the end of a body and the verdict that neither trailers nor a reset follow. */
const truncatedMs = 100;

/** A response's header block as Node gives it. */
type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;

/** What a call needs of the upstream that it belongs to. */
export interface UpstreamCallOwner {
  /** `:scheme` of requests. */
  readonly scheme: string;
  /** `:authority` for a head. */
  authorityFor(head: CallHead): string;
  /** Address of the server, for messages. */
  readonly name: string;
  /** The call is over, once. */
  callOver(call: UpstreamCall): void;
}

/**
 * One call towards an HTTP/2 server. Until `start` it waits for a connection or a free slot and keeps what is
 * written.
 */
export class UpstreamCall implements Call {
  readonly #owner: UpstreamCallOwner;
  readonly #head: CallHead;
  readonly #sink: CallSink;
  readonly #deadlineAt: number;
  /** When the request's head was written. */
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #session: UpstreamSession | undefined;
  #stream: ClientHttp2Stream | undefined;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #over = false;
  #headSeen = false;
  /** Data that came before its head. */
  #early: Buffer[] = [];
  #trailers: RawMetadata | undefined;
  #unconsumed = 0;
  #paused = false;
  /** The writer was told to stop and waits for `drain`. */
  #stopped = false;

  constructor(owner: UpstreamCallOwner, head: CallHead, sink: CallSink) {
    this.#owner = owner;
    this.#head = head;
    this.#sink = sink;
    const { timeoutMs } = head;
    this.#deadlineAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (timeoutMs !== undefined && timeoutMs <= maxTimerMs) {
      this.#timer = setTimeout(() => this.fail(deadlinePassed(!this.started)), timeoutMs);
    }
  }

  /** True when the server may have seen it. */
  get started(): boolean {
    return this.#stream !== undefined;
  }

  /** Sends the request on a session that has a slot. False: the session cannot take it, try another. */
  start(session: UpstreamSession): boolean {
    if (this.#over) return true;
    let stream: ClientHttp2Stream;
    try {
      const { scheme } = this.#owner;
      const authority = this.#owner.authorityFor(this.#head);
      const startedAt = performance.now();
      this.#startedAt = startedAt;
      const remainingMs = this.#deadlineAt - startedAt;
      const headers = requestHeaders(this.#head, scheme, authority, remainingMs);
      if (session.http2.destroyed || session.http2.closed) return false;
      stream = session.http2.request(headers, requestOptions);
    } catch (thrown) {
      if (isSessionGone(thrown)) return false;
      process.nextTick(() => this.fail(unsendable(thrown)));
      return true;
    }
    this.#session = session;
    this.#stream = stream;
    session.callOpened();
    this.#listen(stream, session);
    this.#flush(stream);
    return true;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over || this.#ended) return true;
    const stream = this.#stream;
    if (stream === undefined) {
      this.#waiting.push(chunk);
      this.#stopped = true;
      return false;
    }
    if (stream.destroyed || stream.closed) return true;
    // Node's own mark of 16 KiB would stop and start the writer for each chunk.
    this.#stopped = !stream.write(chunk) && stream.writableLength >= sendBufferBytes;
    return !this.#stopped;
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    const stream = this.#stream;
    if (stream !== undefined && !stream.destroyed && !stream.closed) stream.end();
  }

  cancel(_reset: CallReset): void {
    if (!this.#over) this.#finish();
  }

  consumed(bytes: number): void {
    if (this.#over) return;
    this.#unconsumed -= bytes;
    if (this.#paused && this.#unconsumed <= this.#bufferBytes / 2) {
      this.#paused = false;
      this.#stream?.resume();
    }
  }

  /** Ends the call with a reset towards its opener. */
  fail(reset: CallReset): void {
    if (this.#over) return;
    this.#finish();
    this.#sink.reset(reset);
  }

  get #bufferBytes(): number {
    return this.#session?.bufferBytes ?? 0;
  }

  #flush(stream: ClientHttp2Stream): void {
    const waiting = this.#waiting;
    if (waiting.length > 0) {
      this.#waiting = [];
      for (const chunk of waiting) stream.write(chunk);
      if (!stream.writableNeedDrain) process.nextTick(() => this.#drain());
    }
    if (this.#ended) stream.end();
  }

  #drain(): void {
    if (this.#over || !this.#stopped) return;
    this.#stopped = false;
    this.#sink.drain();
  }

  #listen(stream: ClientHttp2Stream, session: UpstreamSession): void {
    stream.on('response', (headers: ResponseHeaders, flags: number, rawHeaders: readonly string[]) =>
      this.#response(headers, flags, rawHeaders),
    );
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    stream.on('trailers', (_headers: unknown, _flags: number, rawHeaders: readonly string[]) => {
      this.#trailers = forwardableMetadata(rawHeaders);
      if (stream.readableEnded) this.#complete();
    });
    stream.on('end', () => {
      if (this.#trailers !== undefined) this.#complete();
      // Trailers may come next; a reset often follows, whose code comes with 'close' and says more.
      else setTimeout(() => this.#truncated(), truncatedMs).unref();
    });
    stream.on('drain', () => this.#drain());
    stream.on('error', () => {});
    stream.on('close', () => {
      session.callClosed();
      this.#closed(stream, session);
    });
  }

  #response(headers: ResponseHeaders, flags: number, rawHeaders: readonly string[]): void {
    if (this.#over) return;
    const { timed } = this.#head;
    if (timed !== undefined) timed.serverMs = performance.now() - this.#startedAt;
    const httpStatus = headers[':status'] ?? 0;
    const contentType = headers['content-type'] ?? '';
    const hasStatus = headers['grpc-status'] !== undefined;
    if (!hasStatus && (httpStatus !== 200 || !isGrpcContentType(contentType))) {
      this.fail(notGrpc(this.#owner.name, httpStatus, contentType));
      return;
    }
    const metadata = forwardableMetadata(rawHeaders);
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      // Trailers, with a status or without.
      this.#trailers = metadata;
      this.#complete();
      return;
    }
    this.#headSeen = true;
    this.#sink.head(metadata);
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) this.#data(chunk);
  }

  #data(chunk: Buffer): void {
    if (this.#over) return;
    if (!this.#headSeen) {
      // Node tells of headers in the next tick but of data at once, where one read brought both.
      this.#early.push(chunk);
      return;
    }
    this.#unconsumed += chunk.length;
    if (this.#unconsumed > this.#bufferBytes && !this.#paused) {
      this.#paused = true;
      this.#stream?.pause();
    }
    this.#sink.data(chunk);
  }

  /** The server's trailers are there and all data before them was passed on. */
  #complete(): void {
    const trailers = this.#trailers;
    if (this.#over || trailers === undefined) return;
    this.#finish();
    this.#sink.trailers(trailers);
  }

  #truncated(): void {
    if (!this.#over && this.#trailers === undefined) this.fail(withoutStatus(this.#owner.name));
  }

  #closed(stream: ClientHttp2Stream, session: UpstreamSession): void {
    if (this.#over) return;
    // A reset with an error throws away what was not read yet: then the trailers would hide a hole.
    if (this.#trailers !== undefined && stream.readableEnded) {
      this.#complete();
      return;
    }
    const { name } = this.#owner;
    const untouched = !this.#headSeen;
    if (!session.dead) {
      this.fail(resetByServer(name, stream.rstCode ?? constants.NGHTTP2_INTERNAL_ERROR, untouched));
    } else if (session.disowned(stream.id)) {
      this.fail(resetByServer(name, constants.NGHTTP2_REFUSED_STREAM, untouched));
    } else this.fail(connectionLost(name, session.lost));
  }

  /** Lets go of everything; the stream is reset where it is still open. */
  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#early = [];
    this.#owner.callOver(this);
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed || stream.closed) return;
    stream.resume();
    const answered = this.#trailers !== undefined;
    if (answered && stream.writableEnded) return;
    this.#session?.resetSent();
    if (answered) stream.close(constants.NGHTTP2_NO_ERROR);
    else sendCancel(stream);
  }
}
