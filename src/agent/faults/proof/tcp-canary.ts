import { connect, type Socket } from 'node:net';
import type { Canary, Expectation, Neighbour, Sight } from '../injection.js';
import { socketSight } from './socket-sight.js';

/** Where a connection is tried. */
export interface TcpPlace {
  readonly address: string;
  readonly port: number;
}

/** How a connection is tried. */
export interface TcpLook {
  /** A reset is an answer of the far end too, and so comes through. Default true; not where resets are the fault. */
  readonly resetAnswers?: boolean;
  /** Hears of the connection before it is made. */
  readonly opened?: (socket: Socket) => void;
}

/** Tries to connect once: whoever answers, by accepting or refusing, is reached; silence is no answer. Never rejects. */
export function tcpSight(place: TcpPlace, signal: AbortSignal, how: TcpLook = {}): Promise<Sight> {
  const { resetAnswers = true, opened } = how;
  const open = () => connect({ host: place.address, port: place.port });
  return socketSight(open, signal, (socket, settle) => {
    socket.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      const isReset = code === 'ECONNREFUSED' || code === 'ECONNRESET';
      settle(isReset && resetAnswers, isReset ? 'refused' : code);
    });
    socket.once('connect', () => settle(true, 'accepted'));
    // broken by whoever heard of it
    socket.once('close', () => settle(false, 'broken'));
    opened?.(socket);
  });
}

/** A canary that tries to connect. */
export function tcpCanary(
  path: Canary['path'],
  place: TcpPlace,
  options: {
    readonly resetAnswers?: boolean;
    readonly expects?: Expectation;
    readonly alsoBy?: readonly Neighbour[];
  } = {},
): Canary {
  const { expects, alsoBy = [], ...how } = options;
  const host = place.address.includes(':') ? `[${place.address}]` : place.address;
  return {
    path,
    name: `tcp ${host}:${place.port}`,
    ...(expects === undefined ? {} : { expects }),
    alsoBy,
    look: (signal) => tcpSight(place, signal, how),
  };
}
