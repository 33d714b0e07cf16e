import type { Limits } from '../../auth/identity.js';
import { type DoorRefusal, refusalStatus } from '../door/refusal.js';
import { Bucket } from './bucket.js';

/** Bytes that may pass in a burst: what is allowed in this many seconds, and at least one frame. */
const burstSeconds = 1;
const leastByteBurst = 64 * 1024;
/** New calls are refused while the debt in bytes takes longer than this to be paid, in milliseconds. */
const longestDebtMs = 1_000;
/** What a caller is told to wait who has too many calls open, in milliseconds: nobody knows when one ends. */
const inFlightRetryMs = 1_000;

/** What one identity takes: calls, calls at the same time, bytes. */
export class Meter {
  readonly limits: Limits;
  readonly #calls: Bucket | undefined;
  readonly #bytes: Bucket | undefined;
  readonly #now: () => number;
  #inFlight = 0;

  constructor(limits: Limits, now: () => number) {
    const { callsPerSecond, bytesPerSecond } = limits;
    this.limits = limits;
    this.#now = now;
    const nowMs = now();
    if (callsPerSecond !== undefined) {
      this.#calls = new Bucket({ rate: callsPerSecond, burst: Math.max(1, callsPerSecond), nowMs });
    }
    if (bytesPerSecond !== undefined) {
      const burst = Math.max(leastByteBurst, bytesPerSecond * burstSeconds);
      this.#bytes = new Bucket({ rate: bytesPerSecond, burst, nowMs });
    }
  }

  /** Begins a call, which is then open until `ended`, or says why it must not. */
  begin(who: string): DoorRefusal | undefined {
    const nowMs = this.#now();
    const { inFlight, callsPerSecond, bytesPerSecond } = this.limits;
    if (inFlight !== undefined && this.#inFlight >= inFlight) {
      return exhausted(
        'TOO_MANY_CALLS',
        `'${who}' has ${inFlight} calls open, as many as it may`,
        inFlightRetryMs,
      );
    }
    const debtMs = this.#bytes?.debtMs(nowMs) ?? 0;
    if (debtMs > longestDebtMs) {
      return exhausted(
        'TOO_MANY_BYTES',
        `'${who}' has passed its ${bytesPerSecond} bytes per second`,
        debtMs,
      );
    }
    const waitMs = this.#calls?.waitMs(1, nowMs) ?? 0;
    if (waitMs > 0) {
      return exhausted('TOO_MANY_CALLS', `'${who}' has made its ${callsPerSecond} calls per second`, waitMs);
    }
    this.#calls?.take(1, nowMs);
    this.#inFlight++;
    return undefined;
  }

  ended(): void {
    this.#inFlight--;
  }

  /** Counts bytes that pass; how long nothing more should, in milliseconds. */
  passed(bytes: number): number {
    if (this.#bytes === undefined) return 0;
    const nowMs = this.#now();
    this.#bytes.take(bytes, nowMs);
    return this.#bytes.debtMs(nowMs);
  }

  /** True when it is as good as a new one. */
  get idle(): boolean {
    const nowMs = this.#now();
    return this.#inFlight === 0 && (this.#calls?.full(nowMs) ?? true) && (this.#bytes?.full(nowMs) ?? true);
  }
}

function exhausted(code: string, what: string, retryAfterMs: number): DoorRefusal {
  const message = `${what}: try again in ${retryAfterMs} ms`;
  return { status: refusalStatus.resourceExhausted, code, message, retryAfterMs };
}
