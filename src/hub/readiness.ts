import type { Bus } from '../bus/bus.js';
import { errorText } from '../errors.js';
import type { NodeRegistry } from './registry.js';

/** How often the registry is asked whether it answers, in milliseconds. */
const probeEveryMs = 5_000;

/** Knows whether the hub can do its work, and if not, why. */
export class Readiness {
  readonly #bus: Bus;
  #phase: 'starting' | 'serving' | 'stopping' = 'starting';
  #registryLost: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Why the hub is not ready; undefined: it is. */
  get notReady(): string | undefined {
    if (this.#phase !== 'serving') return `the hub is ${this.#phase}`;
    if (!this.#bus.connected) return 'the hub is not connected to the bus';
    return this.#registryLost === undefined
      ? undefined
      : `the registry does not answer: ${this.#registryLost}`;
  }

  /** True while the registry can be written, as far as is known. */
  get mayWrite(): boolean {
    return this.#bus.connected && this.#registryLost === undefined;
  }

  serving(registry: NodeRegistry): void {
    this.#phase = 'serving';
    let probing = false;
    this.#timer = setInterval(() => {
      if (probing || !this.#bus.connected) return;
      probing = true;
      registry.probe().then(
        () => {
          probing = false;
          this.#registryLost = undefined;
        },
        (thrown: unknown) => {
          probing = false;
          this.#registryLost = errorText(thrown);
        },
      );
    }, probeEveryMs);
    this.#timer.unref();
  }

  stopping(): void {
    this.#phase = 'stopping';
    clearInterval(this.#timer);
  }
}
