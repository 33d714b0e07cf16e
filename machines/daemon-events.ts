/** What went wrong, as the machine keeps and shows it. */
export interface DaemonError {
  readonly code: string;
  readonly message: string;
}

/** What a daemon says of itself. */
export interface DaemonIdentity {
  /** The form of its services, e.g. `weshnet`. */
  readonly dialect: string;
  /** Its name among its peers. */
  readonly peer: string;
}

/** What the machine knows of a daemon. */
export interface DaemonContext {
  /** Where it listens, `HOST:PORT`. */
  readonly target: string;
  /** Failures in a row since it last answered. */
  readonly attempt: number;
  /** What it said of itself when it last answered; undefined: it never did at this target. */
  readonly identity: DaemonIdentity | undefined;
  /** Id of its process when it last answered; undefined: it is not on this machine, or cannot be told. */
  readonly pid: number | undefined;
  readonly lastError: DaemonError | undefined;
}

/** What an actor of the machine starts with. */
export interface DaemonInput {
  readonly target: string;
}

/** What may happen to a daemon. */
export type DaemonEvent =
  /** The agent starts. */
  | { type: 'START' }
  /** Somebody names another place where the daemon is, or the same one again. */
  | { type: 'TARGETED'; target: string }
  /** Somebody wants to know now, and does not wait for the pause to end. */
  | { type: 'ASKED' }
  /** The daemon answered a probe. */
  | { type: 'ANSWERED'; identity: DaemonIdentity; pid?: number | undefined }
  /** It did not, or is no daemon that is known. */
  | ({ type: 'PROBE_FAILED' } & DaemonError)
  /** What was open to a daemon that served has broken. */
  | { type: 'LOST'; reason: string }
  /** The agent stops. */
  | { type: 'STOP' };

/** The error in an event that tells of one; an event of a timer means that time was up. */
export function daemonErrorOf(event: DaemonEvent): DaemonError {
  if (event.type === 'PROBE_FAILED') return { code: event.code, message: event.message };
  if (event.type === 'LOST') return { code: 'LOST', message: event.reason };
  return { code: 'TIME_OUT', message: 'the daemon did not answer in time' };
}
