import { connect, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import { joinDuplexes } from '../wire/join-duplexes.js';
import { sentMessageBytes, takenMessageBytes, WebSocketStream } from '../wire/websocket-stream.js';
import { refuseUpgrade } from './refuse-upgrade.js';
import type { UpgradeTaker } from './upgrades.js';

/** Bound for the NATS server to take a connection, milliseconds. */
const connectTimeoutMs = 5_000;
/** WebSocket close code for an end that goes away. */
const goingAway = 1001;

/** The door to NATS. */
export interface NatsDoor {
  readonly upgrade: UpgradeTaker;
  /** Ends all connections: whoever has one comes again, here or at another hub. */
  close(): void;
}

/**
 * NATS over WebSocket, for agents that only HTTPS lets out: the bytes of the NATS protocol in binary messages, whose
 * boundaries mean nothing, as NATS's own WebSocket clients speak. Who may do what is for the NATS server to say, as on
 * every other connection to it.
 */
export function natsDoor(servers: readonly string[], log: Logger): NatsDoor {
  const open = new Set<WebSocket>();
  const websockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: takenMessageBytes,
    perMessageDeflate: false,
  });
  const upgrade: UpgradeTaker = (request, socket, head, from) => {
    reach(servers).then(
      (nats) => {
        if (socket.destroyed) {
          nats.destroy();
          return;
        }
        // A request that is no proper upgrade is answered, and nobody takes the connection.
        socket.once('close', () => nats.destroy());
        websockets.handleUpgrade(request, socket, head, (accepted) => {
          log.debug({ from }, 'NATS over WebSocket');
          open.add(accepted);
          accepted.once('close', () => open.delete(accepted));
          joinDuplexes(new WebSocketStream(accepted, sentMessageBytes), nats);
        });
      },
      (thrown: unknown) => {
        log.warn({ from, err: errorText(thrown) }, 'the NATS server takes no connection for a WebSocket');
        refuseUpgrade(socket, 503, 'UNAVAILABLE', 'the bus can not be reached now: try again');
      },
    );
  };
  return {
    upgrade,
    close: () => {
      for (const one of open) one.close(goingAway, 'the hub stops');
    },
  };
}

/** The first of the servers that takes a connection. */
async function reach(servers: readonly string[]): Promise<Socket> {
  let last: unknown = new Error('there is no NATS server');
  for (const server of servers) {
    try {
      return await connected(new URL(server));
    } catch (thrown) {
      last = thrown;
    }
  }
  throw last;
}

function connected({ hostname, port }: URL): Promise<Socket> {
  const socket = connect({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || '4222'),
    noDelay: true,
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`${hostname} does not answer within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    // Stays on: it may fail again when it is torn down.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}
