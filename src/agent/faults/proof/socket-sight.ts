import type { Socket } from 'node:net';
import type { Sight } from '../injection.js';

/** A look takes no longer, milliseconds: less than until Linux sends what opens a connection again (a second, RFC 6298). */
export const lookMs = 900;

/** Ends a look: whether it came through, and what was found. */
type Settle = (through: boolean, found: string) => void;

/** Looks once by a connection, which is broken afterwards; `hear` says what of it is an answer, silence is none. Never rejects. */
export function socketSight(
  open: () => Socket,
  signal: AbortSignal,
  hear: (socket: Socket, settle: Settle) => void,
): Promise<Sight> {
  const beganMs = performance.now();
  return new Promise((resolve) => {
    const socket = open();
    const settle: Settle = (through, found) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', silent);
      socket.destroy();
      resolve({ through, ms: performance.now() - beganMs, found });
    };
    const silent = () => settle(false, 'no answer');
    const timer = setTimeout(silent, lookMs);
    hear(socket, settle);
    if (signal.aborted) silent();
    else signal.addEventListener('abort', silent, { once: true });
  });
}
