import type { Bus } from '../bus/bus.js';
import type { Transition } from '../bus/messages.js';
import { subjects } from '../bus/subjects.js';

/** So many transitions wait for the bus to come back; older ones are forgotten. */
const mostWaiting = 64;

/** Publishes the transitions of a link. What happened while the bus was away is told when it is back, in order. */
export class LinkTransitions {
  readonly #node: string;
  readonly #boot: string;
  #waiting: Transition[] = [];

  constructor(node: string, boot: string) {
    this.#node = node;
    this.#boot = boot;
  }

  /** Tells it, now or when there is a bus. */
  publish(bus: Bus | undefined, transition: Transition): void {
    this.#waiting.push(transition);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.flush(bus);
  }

  /** Tells what has waited. */
  flush(bus: Bus | undefined): void {
    if (bus?.connected !== true) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const transition of waiting) {
      bus.publish(subjects.linkTransition, { node: this.#node, boot: this.#boot }, transition);
    }
  }
}
