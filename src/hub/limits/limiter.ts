import type { Identity, Limits } from '../../auth/identity.js';
import { narrowerLimits } from '../../auth/limits.js';
import { Meter } from './meter.js';

/** Meters that are kept at most; beyond, those of the longest unseen identities go. */
const mostMeters = 50_000;

/** Finds the meter of each identity. Tokens of ours are counted one by one, those of an issuer by their subject. */
export class Limiter {
  readonly #everybody: Limits;
  readonly #now: () => number;
  /** What a verified token was found to be, so that it is looked up once. */
  readonly #known = new WeakMap<Identity, Meter | undefined>();
  readonly #meters = new Map<string, Meter>();

  /** `everybody`: limits of each identity, whatever its token says. `now` counts milliseconds up. */
  constructor(everybody: Limits, now: () => number = () => performance.now()) {
    this.#everybody = everybody;
    this.#now = now;
  }

  /** The meter of an identity; undefined where nothing limits it. */
  meterOf(identity: Identity): Meter | undefined {
    if (this.#known.has(identity)) return this.#known.get(identity);
    const limits = narrowerLimits(this.#everybody, identity.limits);
    const meter = metered(limits) ? this.#shared(identity, limits) : undefined;
    this.#known.set(identity, meter);
    return meter;
  }

  #shared(identity: Identity, limits: Limits): Meter {
    const { issuer, subject, tokenId } = identity;
    // Tokens of one subject that say different limits are counted apart: none shall widen what another may.
    const key =
      issuer === 'postern' ? tokenId : JSON.stringify([issuer, subject, Object.entries(limits).sort()]);
    const present = this.#meters.get(key);
    if (present !== undefined) return present;
    if (this.#meters.size >= mostMeters) this.#forgetIdle();
    const meter = new Meter(limits, this.#now);
    this.#meters.set(key, meter);
    return meter;
  }

  #forgetIdle(): void {
    for (const [key, meter] of this.#meters) if (meter.idle) this.#meters.delete(key);
    for (const key of this.#meters.keys()) {
      if (this.#meters.size < mostMeters) return;
      this.#meters.delete(key);
    }
  }
}

/** True where something has to be counted; deadlines need no counting. */
function metered({ callsPerSecond, inFlight, bytesPerSecond, messageBytes }: Limits): boolean {
  return [callsPerSecond, inFlight, bytesPerSecond, messageBytes].some((limit) => limit !== undefined);
}
