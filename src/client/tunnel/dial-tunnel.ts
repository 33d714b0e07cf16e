import type { Duplex } from 'node:stream';
import { PosternError } from '../../errors.js';
import type { OutboundOptions } from '../../wire/outbound.js';
import { dialWebSocket } from '../../wire/websocket-dial.js';
import { sentMessageBytes, WebSocketStream } from '../../wire/websocket-stream.js';
import { YamuxSession } from '../../wire/yamux/session.js';

/** What our own programs offer as `Sec-WebSocket-Protocol`: they read messages of any size. */
const tunnelProtocol = 'postern.tunnel.v1';

/** Who opens a tunnel, and where to. */
export interface TunnelDial {
  /** `ws://HOST:PORT/ws` or `wss://…`. */
  readonly url: URL;
  /** Name of the node. */
  readonly node: string;
  /** Headers that prove it: `authorization`, or a key and what was signed with it. */
  readonly proof: Readonly<Record<string, string>>;
  /** Id of this start of the process. */
  readonly boot: string;
  readonly version: string;
  /** Others may serve the node at the same time. */
  readonly share: boolean;
  /** Instance id that this process had in an earlier tunnel; a newer process that has the node is then left alone. */
  readonly before?: string | undefined;
  readonly outbound?: OutboundOptions;
  readonly timeoutMs: number;
  /** How often the hub is asked whether it lives, milliseconds; three silent rounds end the tunnel. Default 5,000. */
  readonly pingEveryMs?: number;
  readonly signal?: AbortSignal;
  /** Takes each connection that the hub opens through the tunnel. */
  readonly onConnection: (connection: Duplex) => void;
}

/** Why a tunnel is over. */
export interface TunnelEnd {
  /**
   * `SUPERSEDED`, `REVOKED`: final. `OCCUPIED`: another key has the node now. `GOING_AWAY`: the hub is about to leave.
   * `LOST`: the connection broke. `CLOSED`: from this side.
   */
  readonly code: 'SUPERSEDED' | 'REVOKED' | 'OCCUPIED' | 'GOING_AWAY' | 'LOST' | 'CLOSED';
  readonly message: string;
}

/** A tunnel that is open. */
export interface OpenTunnel {
  /** Instance id that the hub gave. */
  readonly instance: string;
  /** Number of its claim; 0 where the hub does not tell. */
  readonly epoch: number;
  /** Instance id of the hub, '' where it does not tell. */
  readonly hub: string;
  /** Resolves when it is over; never rejects. */
  readonly ended: Promise<TunnelEnd>;
  /** Connections through it that are open now. */
  readonly connections: number;
  /** Last round trip to the hub in milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** Tells the hub to give no new calls; it closes the tunnel when the open ones have ended. */
  goAway(): void;
  /** Ends it at once. */
  close(): void;
}

/** What the hub's close codes mean. */
const ends: Readonly<Record<number, TunnelEnd['code']>> = {
  1001: 'GOING_AWAY',
  1013: 'GOING_AWAY',
  4001: 'SUPERSEDED',
  4002: 'REVOKED',
  4003: 'OCCUPIED',
};

/** Opens a tunnel to a hub. Throws what `dialWebSocket` throws, the hub's own refusals among it. */
export async function dialTunnel(options: TunnelDial): Promise<OpenTunnel> {
  const { url, node, boot, version, share } = options;
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new PosternError('HUB_URL_INVALID', `${url.protocol}//${url.host} is no WebSocket`, {
      hint: 'give ws://HOST:PORT/ws or wss://HOST:PORT/ws',
      exitCode: 2,
    });
  }
  let place = { instance: '', epoch: 0, hub: '' };
  const socket = await dialWebSocket({
    url,
    headers: {
      'x-hub-meta-name': node,
      'x-postern-boot': boot,
      'x-postern-version': version,
      ...(share ? { 'x-postern-share': 'true' } : {}),
      ...(options.before === undefined ? {} : { 'x-postern-instance': options.before }),
      ...options.proof,
    },
    protocol: tunnelProtocol,
    granted: (headers) => {
      const text = (name: string): string => String(headers[name] ?? '').slice(0, 64);
      const epoch = Number(text('x-postern-epoch'));
      place = {
        instance: text('x-postern-instance'),
        epoch: Number.isSafeInteger(epoch) ? epoch : 0,
        hub: text('x-postern-hub'),
      };
    },
    ...(options.outbound === undefined ? {} : { outbound: options.outbound }),
    timeoutMs: options.timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let closedHere = false;
  let told: TunnelEnd | undefined;
  socket.once('close', (code, reason) => {
    const known = ends[code];
    if (known !== undefined) told = { code: known, message: reason.toString() || `closed with code ${code}` };
  });
  const bytes = new WebSocketStream(socket, sentMessageBytes);
  let over: (end: TunnelEnd) => void = () => {};
  const ended = new Promise<TunnelEnd>((resolve) => {
    over = resolve;
  });
  const session = new YamuxSession(bytes, {
    role: 'server',
    ...(options.pingEveryMs === undefined ? {} : { pingEveryMs: options.pingEveryMs }),
    onStream: options.onConnection,
    onClose: (message) => {
      const end = (): void =>
        over(closedHere ? { code: 'CLOSED', message } : (told ?? { code: 'LOST', message }));
      // The code of a close, where there is one, is known when the WebSocket has ended.
      if (socket.readyState === socket.CLOSED) end();
      else socket.once('close', end);
    },
  });
  return {
    ...place,
    ended,
    get connections() {
      return session.streams;
    },
    get roundTripMs() {
      return session.roundTripMs;
    },
    goAway: () => session.goAway(),
    close: () => {
      closedHere = true;
      session.close();
    },
  };
}
