/**
 * What docs/failures.md promises, in seconds from the moment that something dies or freezes. A machine that is busy
 * with other things is given a little more.
 */
export const bounds = {
  /** The other end of a TCP connection is told at once by the system. */
  atOnce: 1,
  /** A call that nobody has taken notice of, as a call to a frozen agent is. */
  unheard: 5.5,
  /** A killed agent, where the bus says that nobody listens any more. */
  agentKilled: 8,
  /** An instance that is silent: five pings. */
  silent: 10,
  /** A bus that does not come back, and what is left at the server of a hub that was killed. */
  lost: 30.5,
  /** Calls with a gap, when hub and agent are back on the bus. */
  gap: 5,
} as const;

/** How long a new call may fail after what was hit is back, in seconds. */
export const recovery = { killed: 5, frozen: 10, bus: 10, busFrozen: 25 } as const;

/** How much later things may happen on a busy machine, in seconds. */
export const slack = 2;
