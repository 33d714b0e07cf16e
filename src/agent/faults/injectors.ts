import type { Ability, Asked, Injection, Injector } from './injection.js';
import type { FaultKind } from './plan.js';

/** All kinds of faults, each by what does it. */
export class Injectors implements Injector {
  readonly #network: Injector;
  readonly #process: Injector;

  constructor(network: Injector, daemonProcess: Injector) {
    this.#network = network;
    this.#process = daemonProcess;
  }

  ability(kind: FaultKind): Promise<Ability> {
    return this.#of(kind).ability(kind);
  }

  prepare(kind: FaultKind): Promise<() => void> {
    return this.#of(kind).prepare(kind);
  }

  inject(asked: Asked): Promise<Injection> {
    return this.#of(asked.kind).inject(asked);
  }

  #of(kind: FaultKind): Injector {
    return kind === 'link' || kind === 'peers' ? this.#network : this.#process;
  }
}
