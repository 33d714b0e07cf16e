import type { ServerHttp2Session } from 'node:http2';
import { ignore } from './refuse.js';
import { StuckWatch } from './stuck-session.js';

/** When connections over HTTP/2 are given up. All milliseconds. */
export interface SessionLimits {
  /** Without an open stream for so long, a connection is closed with GOAWAY. */
  readonly idleMs: number;
  /** A client that has said nothing for so long is asked by a PING whether it is there. */
  readonly pingAfterMs: number;
  /** A client that has not said anything so long after the PING is gone: its connection is cut, with its calls. */
  readonly pongMs: number;
}

/**
 * Servers may ask their clients as often as they like; it is clients that are punished for PINGs. Half the time after
 * which NAT boxes and load balancers commonly forget a silent connection is soon enough.
 */
export const defaultSessionLimits: SessionLimits = { idleMs: 300_000, pingAfterMs: 60_000, pongMs: 30_000 };

/** Looks come as often as this at least while somebody waits for the last calls to end, milliseconds. */
const hurriedMs = 500;
/** After its GOAWAY an idle connection may stay for so many looks, for a call that was on its way. */
const looksAfterGoaway = 2;

/** What a keeper wants to hear of a connection. */
export interface SessionUse {
  /** A stream began. */
  opened(): void;
  /** A stream is over. */
  closed(): void;
}

/** What is known of one connection. Times are those of the keeper's clock, in milliseconds. */
interface Kept {
  bytesRead: number;
  heardAt: number;
  usedAt: number;
  /** Open streams now. */
  open: number;
  pingedAt: number | undefined;
  looksLeft: number | undefined;
  readonly stuck: StuckWatch;
}

/**
 * Gives up connections that nobody uses and clients that are gone. Node closes a connection only when its other end
 * does: not where that end is lost, keeps silent, or has sent what HTTP/2 does not allow.
 */
export class SessionKeeper {
  readonly #limits: SessionLimits;
  readonly #kept = new Map<ServerHttp2Session, Kept>();
  #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Counts looks, not time: while this process stands still, nobody is blamed for it. */
  #nowMs = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    this.#everyMs = Math.max(10, Math.min(limits.idleMs, limits.pingAfterMs, limits.pongMs) / 6);
  }

  /** Watches over a connection until it is closed. What becomes of its streams is to be told to what is returned. */
  keep(session: ServerHttp2Session): SessionUse {
    const now = this.#nowMs;
    const kept: Kept = {
      bytesRead: 0,
      heardAt: now,
      usedAt: now,
      open: 0,
      pingedAt: undefined,
      looksLeft: undefined,
      stuck: new StuckWatch(session),
    };
    this.#kept.set(session, kept);
    session.once('close', () => {
      this.#kept.delete(session);
      if (this.#kept.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#timer ??= this.#start();
    return {
      opened: () => {
        kept.open += 1;
      },
      closed: () => {
        kept.open -= 1;
        kept.usedAt = this.#nowMs;
      },
    };
  }

  /** Somebody waits for the last calls to end: looks more often from now on. */
  hurry(): void {
    this.#everyMs = Math.min(this.#everyMs, hurriedMs);
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = this.#start();
  }

  #start(): NodeJS.Timeout {
    return setInterval(() => this.#look(), this.#everyMs).unref();
  }

  #look(): void {
    this.#nowMs += this.#everyMs;
    for (const [session, kept] of this.#kept) {
      if (kept.looksLeft !== undefined) {
        kept.looksLeft -= 1;
        if (kept.looksLeft <= 0 && kept.open === 0) session.destroy();
      } else if (kept.open === 0 && this.#nowMs - kept.usedAt >= this.#limits.idleMs) {
        kept.looksLeft = looksAfterGoaway;
        session.close();
      } else if (kept.open > 0 && kept.stuck.look()) session.destroy();
      // A session may have ended at once.
      if (!session.destroyed) this.#ask(session, kept);
    }
  }

  #ask(session: ServerHttp2Session, kept: Kept): void {
    const { bytesRead } = session.socket;
    if (bytesRead !== kept.bytesRead) {
      kept.bytesRead = bytesRead;
      kept.heardAt = this.#nowMs;
      kept.pingedAt = undefined;
    } else if (kept.pingedAt === undefined) {
      if (this.#nowMs - kept.heardAt < this.#limits.pingAfterMs) return;
      kept.pingedAt = this.#nowMs;
      session.ping(ignore);
    } else if (this.#nowMs - kept.pingedAt >= this.#limits.pongMs) session.destroy();
  }
}
