import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** WebSockets that a process of ours takes at a path of its front door. It finds out itself who comes. */
export interface OwnSocket {
  readonly path: string;
  /** Takes a request for one over, and answers it. Must not throw. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
