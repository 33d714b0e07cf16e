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
    const key =
      identity.issuer === 'postern' ? identity.tokenId : JSON.stringify([identity.issuer, identity.subject]);
    const present = this.#meters.get(key);
    // A newer token of the same subject may have other limits.
    if (present !== undefined && same(present.limits, limits)) return present;
    if (this.#meters.size >= mostMeters) this.#forgetIdle();
    const meter = new Meter(limits, this.#now);
    this.#meters.delete(key);
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

function same(a: Limits, b: Limits): boolean {
  return (
    a.callsPerSecond === b.callsPerSecond &&
    a.inFlight === b.inFlight &&
    a.bytesPerSecond === b.bytesPerSecond &&
    a.messageBytes === b.messageBytes
  );
}
