/** Why a process did not start, or ended without being told to. */
export interface ProcessError {
  readonly code: 'LAUNCH_FAILED' | 'LAUNCH_TIMEOUT' | 'ENDED' | 'KEEPER_LOST';
  readonly message: string;
}

/** What the machine knows of a supervised process. */
export interface ProcessContext {
  /** Process id, which is the id of its process group too; undefined while there is none. */
  readonly pid: number | undefined;
  /** How the last process ended: `exit status 3`, `SIGSEGV`; undefined before the first one has. */
  readonly lastExit: string | undefined;
  /** Why the last one ended, where nobody had asked for it; undefined after a start and after a stop. */
  readonly error: ProcessError | undefined;
}

/** What may happen to a supervised process. */
export type ProcessEvent =
  /** Somebody wants it to run. */
  | { type: 'START' }
  /** The operating system has started it. */
  | { type: 'LAUNCHED'; pid: number }
  /** It could not be started; nothing of it is there. */
  | { type: 'LAUNCH_FAILED'; message: string }
  /** The process itself has ended; what it started may still be there. */
  | { type: 'EXITED'; how: string }
  /** Nothing of it is left. */
  | { type: 'GONE' }
  /** The keeper, through which the agent holds the process, has ended before it. */
  | { type: 'KEEPER_LOST'; message: string }
  /** Somebody wants it to end. */
  | { type: 'STOP' };

/** The error in an event that tells of one; a timer's event means that time was up. */
export function processErrorOf(event: ProcessEvent): ProcessError {
  switch (event.type) {
    case 'LAUNCH_FAILED':
    case 'KEEPER_LOST':
      return { code: event.type, message: event.message };
    case 'EXITED':
      return { code: 'ENDED', message: `it ended without being told to: ${event.how}` };
    default:
      return { code: 'LAUNCH_TIMEOUT', message: 'it was not started in time' };
  }
}
