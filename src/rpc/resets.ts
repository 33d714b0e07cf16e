import type { CallReset } from './call.js';
import { status } from './status.js';

/** The ends of calls that Postern itself makes. */

/** The other process cannot be reached, or something of the call was lost on the way. */
export function unavailable(message: string, refused = false): CallReset {
  return { status: status.UNAVAILABLE, message, refused, remote: false };
}

/** The server never saw the call because something is too large or too many. */
export function exhausted(message: string, refused = true): CallReset {
  return { status: status.RESOURCE_EXHAUSTED, message, refused, remote: false };
}

/** One of the two processes broke the protocol. */
export function broken(message: string): CallReset {
  return { status: status.INTERNAL, message, refused: false, remote: false };
}

export const lostOnBus: CallReset = unavailable('messages were lost on the bus');

export const deadlinePassed: CallReset = {
  status: status.DEADLINE_EXCEEDED,
  message: 'the deadline of the call has passed',
  refused: false,
  remote: false,
};

/** Longest text that a RESET frame carries, in UTF-16 units. */
const longestMessage = 2048;

/** A reset as it fits into a frame. */
export function fitReset(reset: CallReset): CallReset {
  const known = Number.isInteger(reset.status) && reset.status >= 1 && reset.status <= 16;
  if (known && reset.message.length <= longestMessage) return reset;
  return {
    ...reset,
    status: known ? reset.status : status.UNKNOWN,
    message: reset.message.slice(0, longestMessage),
  };
}
