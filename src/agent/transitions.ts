import type { Bus } from '../bus/bus.js';
import type { Transition } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';

/** So many transitions wait for the bus to come back; older ones are forgotten. */
const mostWaiting = 64;

/**
 * Publishes the transitions of an agent's machines. What happened while the bus was away is told when it is back, in
 * order.
 */
export class Transitions {
  #bus: Bus | undefined;
  #waiting: ((bus: Bus) => void)[] = [];

  /** Uses this connection from now on; undefined: there is none. */
  use(bus: Bus | undefined): void {
    this.#bus = bus;
    this.#flush();
  }

  /** Of the agent's link, and of the daemon and the process beside it: one of each in a process. */
  publish(
    machine: 'link' | 'daemon' | 'process',
    of: { readonly node: string; readonly boot: string },
    transition: Transition,
  ): void {
    const subject = subjects[`${machine}Transition`];
    this.#tell((bus) => bus.publish(subject, of, transition));
  }

  /** Of a test. */
  publishTest(
    of: { readonly node: string; readonly run: string; readonly test: string },
    transition: Transition,
  ): void {
    this.#tell((bus) => bus.publish(subjects.testTransition, of, transition));
  }

  /** Of a fault. */
  publishFault(
    of: { readonly node: string; readonly run: string; readonly fault: string },
    transition: Transition,
  ): void {
    this.#tell((bus) => bus.publish(subjects.faultTransition, of, transition));
  }

  #tell(send: (bus: Bus) => void): void {
    this.#waiting.push(send);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.#flush();
  }

  #flush(): void {
    const bus = this.#bus;
    if (bus?.connected !== true) return;
    for (const send of this.#waiting.splice(0)) send(bus);
  }
}
