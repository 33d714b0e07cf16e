import type { ServerResponse } from 'node:http';

/**
 * Takes a request when it is its turn: one behind another on its connection changes things, and is not played before it
 * (RFC 9112 §9.3.2). `unbound` is the listener's, told of a request that has to wait.
 */
export function inTurn(response: ServerResponse, unbound: () => void, take: () => void): void {
  if (response.socket !== null) take();
  else {
    unbound();
    response.once('socket', take);
  }
}
