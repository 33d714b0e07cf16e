/** What went wrong, as the machine keeps and shows it. */
export interface LinkError {
  readonly code: string;
  readonly message: string;
}

/** Why a link has ended for good. */
export type LinkEnd = 'stopped' | 'superseded' | 'revoked' | 'refused' | 'version';

/** What the machine knows of a link. */
export interface LinkContext {
  /** The ways out, tried in order. */
  readonly ways: readonly string[];
  /** Index of the way that is tried or used. */
  readonly way: number;
  /** Failures in a row since the link was last online. */
  readonly attempt: number;
  /** Instance id given by the last accepted hello; kept through partitions, so that the place is resumed. */
  readonly instance: string | undefined;
  /** Number of the claim of that instance. */
  readonly epoch: number | undefined;
  /** Instance id of the hub that accepted the last hello. */
  readonly hub: string | undefined;
  /** A hub pings this often, milliseconds. */
  readonly pingIntervalMs: number | undefined;
  readonly lastError: LinkError | undefined;
  /** Why the link has ended; undefined while it has not. */
  readonly end: LinkEnd | undefined;
}

/** What an actor of the machine starts with. */
export interface LinkInput {
  /** At least one. */
  readonly ways: readonly string[];
}

/** What may happen to a link. */
export type LinkEvent =
  /** The agent starts. */
  | { type: 'START' }
  /** The bus is connected. */
  | { type: 'DIALED' }
  /** Credentials or the connection were not to be had. */
  | ({ type: 'DIAL_FAILED' } & LinkError)
  /** A hub gave the agent a place. */
  | { type: 'HELLO_ACCEPTED'; instance: string; epoch: number; hub: string; pingIntervalMs: number }
  /** A hub gave no place, and says why. */
  | { type: 'HELLO_REFUSED'; code: HelloRefusal; message: string }
  /** No hub answered. */
  | ({ type: 'HELLO_FAILED' } & LinkError)
  /** No hub has pinged for three intervals. */
  | { type: 'HUB_SILENT' }
  /** A hub pinged. Told only while the link waits. */
  | { type: 'HUB_HEARD' }
  /** The connection to the bus broke; it is dialed again by itself. */
  | { type: 'DISCONNECTED'; reason: string }
  | { type: 'RECONNECTED' }
  /** The bus gave the connection up. */
  | { type: 'BUS_CLOSED'; reason: string }
  /** A hub tells that a newer process has this place. */
  | { type: 'NOTICED_SUPERSEDED'; message: string }
  /** A hub tells that the node or its key may not serve any more. */
  | { type: 'NOTICED_REVOKED'; message: string }
  /** A hub asks for a new hello. */
  | { type: 'NOTICED_HELLO' }
  /** Somebody wants the next attempt now, and does not wait for the pause to end. */
  | { type: 'RETRY_ASKED' }
  /** The agent shall stop after its calls have ended. */
  | { type: 'DRAIN' }
  /** The calls have ended, or their time was up. */
  | { type: 'DRAINED' }
  /** The agent shall stop at once. */
  | { type: 'STOP' };

/** Why a hub gives no place. `retry` and `occupied` may change; the others are final. */
export type HelloRefusal = 'retry' | 'occupied' | 'superseded' | 'revoked' | 'version';

/** Refusals at the front door that no further attempt can change: the token, the key or the request is wrong. */
export const finalDialCodes: ReadonlySet<string> = new Set([
  'INVALID',
  'UNAUTHENTICATED',
  'TOKEN_INVALID',
  'TOKEN_USED',
  'TOKEN_EXPIRED',
  'KEY_UNKNOWN',
  'REVOKED',
]);

/** The error in an event that tells of one; an event of a timer means that time was up. */
export function errorOf(event: LinkEvent): LinkError {
  if ('code' in event) return { code: event.code.toUpperCase(), message: event.message };
  if ('message' in event) return { code: event.type.replace('NOTICED_', ''), message: event.message };
  if ('reason' in event) return { code: event.type, message: event.reason };
  return { code: 'TIME_OUT', message: 'no answer came in time' };
}
