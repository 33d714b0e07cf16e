/** What may happen to a node. */
export type NodeEvent =
  /** An instance claimed (or resumed) its place; it has to answer a ping before it takes calls. */
  | { type: 'CLAIMED'; instance: string; epoch: number; share: boolean }
  /** An instance answered a ping. */
  | { type: 'HEARD'; instance: string; roundTripUs: number }
  /** A round of pings was sent to all instances. */
  | { type: 'PING_ROUND' }
  /** The bus says that nobody listens at the instance's subject. */
  | { type: 'UNREACHABLE'; instance: string }
  /** An instance takes no new calls (`draining`) or is gone (`stopped`). */
  | { type: 'BYE'; instance: string; reason: 'draining' | 'stopped' }
  /** The number of open calls, counted now and then, not at every call. */
  | { type: 'CALLS_CHANGED'; open: number }
  /** Somebody took the place of an instance away. */
  | { type: 'KICK_ASKED'; instance: string }
  /** Somebody wants no new calls to go there, */
  | { type: 'DRAIN_ASKED' }
  /** and here again. */
  | { type: 'RESUME_ASKED' }
  /** The node may not serve any more. */
  | { type: 'REVOKED' }
  /** It may again, by other keys. */
  | { type: 'ALLOWED' };
