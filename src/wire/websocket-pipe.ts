import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText, PosternError } from '../errors.js';
import type { Logger } from '../log.js';
import { joinDuplexes } from './join-duplexes.js';
import type { OutboundOptions } from './outbound.js';
import { dialWebSocket } from './websocket-dial.js';
import { sentMessageBytes, WebSocketStream } from './websocket-stream.js';

/** What a pipe is made of. */
export interface WebSocketPipeOptions {
  /** `ws://` or `wss://`: where each connection leads. */
  readonly url: URL;
  readonly outbound?: OutboundOptions;
  /** Bound for a WebSocket to be open, milliseconds. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** A TCP port of this machine whose connections go through WebSockets. */
export interface WebSocketPipe {
  /** Listens on 127.0.0.1. */
  readonly port: number;
  /** Why the last WebSocket could not be opened, or said nothing; undefined: it did, or none was tried. */
  readonly failure: PosternError | undefined;
  stop(): void;
}

/** A program that needs one connection now and one after a loss does not need more. */
const maxConnections = 8;

/**
 * Lets a client that speaks TCP alone get through where only HTTPS does. Each connection opens a WebSocket of its own;
 * where that fails the connection is closed at once, so that the client's own redialling works as ever.
 */
export async function openWebSocketPipe(options: WebSocketPipeOptions): Promise<WebSocketPipe> {
  let failure: PosternError | undefined;
  const stopping = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    dial(options, stopping.signal).then(
      (far) => {
        failure = undefined;
        let heard = false;
        far.once('data', () => {
          heard = true;
        });
        far.once('close', () => {
          if (!heard) failure = saidNothing(options.url);
        });
        joinDuplexes(socket, far);
      },
      (thrown: unknown) => {
        failure =
          thrown instanceof PosternError ? thrown : new PosternError('HUB_UNREACHABLE', errorText(thrown));
        options.log.debug({ to: options.url.host, err: failure.message }, 'no way through the WebSocket');
        socket.destroy();
      },
    );
  });
  server.maxConnections = maxConnections;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    get failure() {
      return failure;
    },
    stop() {
      stopping.abort();
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function saidNothing({ protocol, host, pathname }: URL): PosternError {
  return new PosternError(
    'HUB_UNREACHABLE',
    `what answers at ${protocol}//${host}${pathname} closed the WebSocket before the bus said a word`,
    { hint: 'look at what stands between here and the hub, and whether the hub reaches its bus' },
  );
}

async function dial(
  { url, outbound, timeoutMs }: WebSocketPipeOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = await dialWebSocket({
    url,
    ...(outbound === undefined ? {} : { outbound }),
    timeoutMs,
    signal,
  });
  return new WebSocketStream(socket, sentMessageBytes);
}
