/** How much an exchange may hold, and how long it waits. All bytes and milliseconds. */
export interface ExchangeLimits {
  /** Credit of one call, each direction, when it opens. Fixed by the protocol for the request direction. */
  readonly callWindowBytes: number;
  /** What the credit of one call may grow to, each direction, a power of two times what it was when it opened. */
  readonly mostCallWindowBytes: number;
  /** Credit of all calls between two processes together, each direction. Fixed by the protocol. */
  readonly peerWindowBytes: number;
  /** What one call may hold beside the credit of all calls, and may send while that is short. */
  readonly callShareBytes: number;
  /** Largest body of one DATA frame. */
  readonly chunkBytes: number;
  /** A message for the bus is sent early rather than to grow beyond this. */
  readonly batchBytes: number;
  /** What one call may hold that waits for credit before the call is given up; far above any window of a producer. */
  readonly pendingBytes: number;
  /** Calls open between two processes, both directions together. */
  readonly callsPerPeer: number;
  /** Processes whose state is kept. */
  readonly peers: number;
  /** How often calls are looked over for the waits below; each of them is rounded to it. */
  readonly sweepMs: number;
  /** A callee that had nothing to say for this long says ACCEPT. */
  readonly acceptAfterMs: number;
  /** A caller that heard nothing of a call for this long gives it up. */
  readonly acceptTimeoutMs: number;
  /** Peers with open calls exchange a SYNC this often. */
  readonly syncEveryMs: number;
  /** A call that has waited for credit this long asks for a SYNC. */
  readonly stalledMs: number;
  /** A SYNC after a reconnect is repeated this often until it is answered. */
  readonly answerMs: number;
  /** Calls survive a lost link for this long. */
  readonly disconnectedMs: number;
  /** Calls with a peer of which nothing has come for this long are given up; it is far above `syncEveryMs`. */
  readonly silentMs: number;
  /** State of a peer without calls is kept for this long. */
  readonly idleMs: number;
  /** RESET frames in answer to frames of unknown calls, per sweep interval. */
  readonly resetsPerSweep: number;
}

/** What docs/protocol.md promises. */
export const defaultLimits: ExchangeLimits = {
  callWindowBytes: 256 << 10,
  mostCallWindowBytes: 1 << 20,
  peerWindowBytes: 16 << 20,
  callShareBytes: 16 << 10,
  chunkBytes: 64 << 10,
  batchBytes: 256 << 10,
  pendingBytes: 16 << 20,
  callsPerPeer: 16_384,
  peers: 65_536,
  sweepMs: 250,
  acceptAfterMs: 500,
  acceptTimeoutMs: 5_000,
  syncEveryMs: 10_000,
  stalledMs: 5_000,
  answerMs: 1_000,
  disconnectedMs: 30_000,
  silentMs: 30_000,
  idleMs: 60_000,
  resetsPerSweep: 256,
};

/** Bytes of a bus message that are left to the bus itself (headers, reply subject). */
export const busReserveBytes = 4096;

/** Upper bound of what one call takes in the body of a SYNC frame, in bytes. */
export const syncCallBytes = 40;
