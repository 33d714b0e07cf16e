import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { PosternError } from '../errors.js';
import { type OutboundOptions, outbound } from './outbound.js';
import { hubUnreachable } from './unreachable.js';
import { takenMessageBytes } from './websocket-stream.js';

/** How a WebSocket is opened. */
export interface WebSocketDial {
  /** `ws://` or `wss://`. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is offered as `Sec-WebSocket-Protocol`. */
  readonly protocol?: string;
  /** Proxy and whom to trust; default: as the environment says. */
  readonly outbound?: OutboundOptions;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Takes the headers with which the upgrade was granted. */
  readonly granted?: (headers: IncomingHttpHeaders) => void;
}

/** So much of the body of a refusal is read, bytes. */
const maxRefusalBytes = 4_096;

/**
 * Opens a WebSocket, without compression. It is paused: nothing that the other side says at once gets lost.
 *
 * Throws `PosternError`: the code and message of the body where the server refused in JSON (`{code, message}`),
 * `HUB_UNREACHABLE` where nobody answered or not in time, `HUB_ANSWER_INVALID` where what answered takes no WebSocket,
 * `PROXY_REFUSED` or `PROXY_INVALID` for the proxy's sake.
 */
export async function dialWebSocket(options: WebSocketDial): Promise<WebSocket> {
  const { url, signal } = options;
  const way = outbound(url, options.outbound ?? {});
  const socket = new WebSocket(url, options.protocol === undefined ? [] : [options.protocol], {
    ...way.request,
    headers: { ...options.headers },
    maxPayload: takenMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let late = false;
  const abort = (): void => {
    way.giveUp();
    socket.terminate();
  };
  // A bound for silence alone would not see who answers drop by drop, nor a proxy that does not answer.
  const timer = setTimeout(() => {
    late = true;
    abort();
  }, options.timeoutMs);
  signal?.addEventListener('abort', abort);
  const place = `${url.protocol}//${url.host}${url.pathname}`;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => {
        // What came with the answer shall wait for whoever awaits this.
        socket.pause();
        resolve();
      });
      socket.once('upgrade', ({ headers }) => options.granted?.(headers));
      // Stays on: a socket that is given up may fail once more.
      socket.on('error', reject);
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        refusalOf(response, place).then(reject, reject);
      });
    });
    if (signal?.aborted) throw new Error('it was given up');
    return socket;
  } catch (thrown) {
    abort();
    const refused = way.refusal();
    if (refused !== undefined) throw refused;
    if (thrown instanceof PosternError) throw thrown;
    const through = way.proxy === '' ? '' : ` through the proxy at ${way.proxy}`;
    const why = late ? new Error(`no answer within ${options.timeoutMs} ms`) : thrown;
    throw hubUnreachable(`${place}${through}`, why, 'wss://HOST/ws or ws://HOST:PORT/ws');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** What a server says that answers like a web page. */
async function refusalOf(response: IncomingMessage, place: string): Promise<PosternError> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxRefusalBytes) break;
  }
  response.destroy();
  try {
    const told: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof told === 'object' && told !== null && 'code' in told && 'message' in told) {
      return new PosternError(String(told.code).slice(0, 64), String(told.message).slice(0, 1_024));
    }
  } catch {
    // It is no JSON, so it is no hub.
  }
  return new PosternError(
    'HUB_ANSWER_INVALID',
    `what answers at ${place} takes no WebSocket: HTTP ${response.statusCode ?? 0}`,
    { hint: 'check the address: wss://HUB/ws' },
  );
}
