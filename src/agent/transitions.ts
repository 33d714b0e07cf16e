import type { Bus } from '../bus/bus.js';
import type { Transition } from '../bus/messages.js';
import { Outbox } from '../bus/outbox.js';
import { subjects } from '../bus/subjects.js';

/** Publishes the transitions of an agent's machines, each on the subject that it belongs on. */
export class Transitions {
  readonly #outbox = new Outbox();

  /** Uses this connection from now on; undefined: there is none. */
  use(bus: Bus | undefined): void {
    this.#outbox.use(bus);
  }

  /** Of the agent's link, its reliability, and of the daemon and the process beside it: one of each in a process. */
  publish(
    machine: 'link' | 'daemon' | 'process' | 'reliability',
    of: { readonly node: string; readonly boot: string },
    transition: Transition,
  ): void {
    this.#outbox.publish(subjects[`${machine}Transition`], of, transition);
  }

  /** Of a test. */
  publishTest(
    of: { readonly node: string; readonly run: string; readonly test: string },
    transition: Transition,
  ): void {
    this.#outbox.publish(subjects.testTransition, of, transition);
  }

  /** Of a fault. */
  publishFault(
    of: { readonly node: string; readonly run: string; readonly fault: string },
    transition: Transition,
  ): void {
    this.#outbox.publish(subjects.faultTransition, of, transition);
  }
}
