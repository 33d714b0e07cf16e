import { METHODS } from 'node:http';
import type { Socket } from 'node:net';

/** What the first bytes of a connection say about one protocol. */
export type Verdict = 'yes' | 'no' | 'more';

/** A protocol that can be told by its first bytes. */
export interface Protocol {
  readonly name: string;
  /** Looks at all bytes so far (at least one). `more`: it cannot be told yet. */
  match(bytes: Buffer): Verdict;
  /** Takes the connection; the bytes are back in the socket, unread, and the socket is paused. */
  take(socket: Socket): void;
}

/** RFC 9113 §3.4. */
const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** All methods that are known, each with the space after it. */
const http1Methods = METHODS.map((method) => `${method} `);
const longestMethod = Math.max(...http1Methods.map((method) => method.length));

/** Is it the HTTP/2 client preface? */
export function matchHttp2(bytes: Buffer): Verdict {
  const length = Math.min(bytes.length, http2Preface.length);
  if (bytes.compare(http2Preface, 0, length, 0, length) !== 0) return 'no';
  return length === http2Preface.length ? 'yes' : 'more';
}

/** Is it an HTTP/1 request line: a known method and a space? */
export function matchHttp1(bytes: Buffer): Verdict {
  const begin = bytes.toString('latin1', 0, longestMethod);
  if (http1Methods.some((method) => begin.startsWith(method))) return 'yes';
  return http1Methods.some((method) => method.startsWith(begin)) ? 'more' : 'no';
}

/** What to do with a connection once its first bytes are known. */
export interface Next {
  /** Bytes at the beginning that nobody shall see again. */
  readonly skip: number;
  /** The connection's further owner; the other bytes are back in the socket, unread, and the socket is paused. */
  take(): void;
}

/**
 * Peeks at the first bytes of a connection and gives it to the first protocol in the table that claims it, provided
 * that none before it is still undecided. A connection that no protocol claims, or that does not say enough within
 * `timeoutMs`, is closed.
 */
export function sniff(socket: Socket, protocols: readonly Protocol[], timeoutMs: number): void {
  peek(socket, timeoutMs, (bytes) => {
    const protocol = decide(bytes, protocols);
    return protocol && { skip: 0, take: () => protocol.take(socket) };
  });
}

/**
 * Shows all bytes of a connection so far (at least one) to `look`, again with each that comes, until it knows what to do.
 * The connection is closed when that is null, or nothing is known within `timeoutMs`, or at its end.
 */
export function peek(
  socket: Socket,
  timeoutMs: number,
  look: (bytes: Buffer) => Next | null | undefined,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
  const leave = (): void => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('close', leave);
    socket.off('end', onEnd);
  };
  const onEnd = (): void => {
    leave();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const next = look(seen);
    if (next === undefined) return;
    leave();
    if (next === null) {
      socket.destroy();
      return;
    }
    socket.pause();
    if (next.skip < seen.length) socket.unshift(seen.subarray(next.skip));
    next.take();
  };
  // An error is followed by 'close'; without a listener it would end the process.
  if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('close', leave);
  // Whoever has peeked before has paused it.
  socket.resume();
}

/** The protocol, null for none, undefined when more bytes are needed. */
function decide(bytes: Buffer, protocols: readonly Protocol[]): Protocol | null | undefined {
  for (const protocol of protocols) {
    const verdict = protocol.match(bytes);
    if (verdict === 'yes') return protocol;
    if (verdict === 'more') return undefined;
  }
  return null;
}

function ignore(): void {}
