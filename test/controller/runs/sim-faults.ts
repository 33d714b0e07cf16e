import { PosternError } from '../../../src/errors.js';
import type { ArmFaultRequest, Fault } from '../../../src/gen/postern/v1/faults.js';

/** Faults of a simulated node: each acts when it was armed for, by the node's clock, and does nothing. */
export class SimFaults {
  readonly #now: () => number;
  readonly #armed = new Map<string, ArmFaultRequest>();

  /** @param now the node's clock, Unix milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** True where it is new. Throws `ARMED_OTHERWISE` when it is armed for another time. */
  arm(asked: ArmFaultRequest): boolean {
    const key = `${asked.run}/${asked.fault}`;
    const known = this.#armed.get(key);
    if (known === undefined) this.#armed.set(key, asked);
    else if (known.atMs !== asked.atMs) {
      throw new PosternError('ARMED_OTHERWISE', `${asked.fault} is armed for another time`);
    }
    return known === undefined;
  }

  list(run: string): Fault[] {
    return [...this.#armed.values()].filter((one) => one.run === run).map((one) => this.#shown(one));
  }

  #shown({ run, fault, kind, atMs, forMs, offsetMs, errorMs, shape }: ArmFaultRequest): Fault {
    const fromMs = atMs - offsetMs;
    const now = this.#now();
    const [acts, healed] = [now >= fromMs, now >= fromMs + forMs];
    return {
      ...{ run, fault, kind, atMs, forMs, offsetMs, errorMs, shape },
      state: healed ? 'healed' : acts ? 'injected' : 'waiting',
      injectedAtMs: acts ? fromMs : 0,
      healedAtMs: healed ? fromMs + forMs : 0,
      ...{ by: acts ? 'userspace' : '', code: '', reason: '', dropped: 0 },
      proof: healed ? { outcome: 'confirmed', reason: '', sights: [] } : undefined,
    };
  }
}
