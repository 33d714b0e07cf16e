import { randomBytes } from 'node:crypto';
import type { Bus, Stop } from './bus.js';
import type { Transition } from './messages.js';
import type { SubjectDeclaration } from './subject-declaration.js';

/** So many are kept to be published, or published again; the oldest make room. */
const mostKept = 4_096;
/** What was published so long before a connection was seen to be lost has arrived, milliseconds: twice what that takes. */
const doubtfulMs = 60_000;

interface Kept {
  readonly send: (bus: Bus) => void;
  /** When it was sent last, by the clock of `performance`. */
  sentAtMs: number;
}

/**
 * Publishes the transitions of this process so that none is missing in its stream. What happens while the bus is away is
 * published when it is back, and what was published shortly before it was lost is published again: the stream knows by its
 * id whether it has it.
 */
export class Outbox {
  /** Nobody else can publish something else under our ids before us. */
  readonly #process = randomBytes(6).toString('base64url');
  #bus: Bus | undefined;
  #unhear: Stop = () => {};
  /** Those that were sent stand first. */
  readonly #kept: Kept[] = [];
  /** How many were sent. */
  #sent = 0;

  /** Uses this connection from now on; undefined: there is none. */
  use(bus: Bus | undefined): void {
    if (bus !== this.#bus) {
      this.#unhear();
      this.#lost();
      this.#bus = bus;
      this.#unhear =
        bus?.onStatus(({ type }) => {
          if (type === 'reconnected') this.#flush();
          else this.#lost();
        }) ?? (() => {});
    }
    this.#flush();
  }

  /** Publishes a transition, or keeps it until there is a connection. Throws where it does not fit its schema. */
  publish<P extends string>(
    subject: SubjectDeclaration<P, Transition, unknown>,
    params: Record<P, string>,
    transition: Transition,
  ): void {
    const { machine, id, bornMs, sequence } = transition;
    const options = { id: `${machine}/${id}/${bornMs}/${sequence}/${this.#process}` };
    this.#kept.push({
      send: (bus) => bus.publish(subject, params, transition, options),
      sentAtMs: Number.NaN,
    });
    if (this.#kept.length > mostKept) this.#drop(1);
    this.#flush();
  }

  /** What arrived is forgotten; what may not have arrived waits for the next connection. */
  #lost(): void {
    this.#forget();
    this.#sent = 0;
  }

  #forget(): void {
    const before = performance.now() - doubtfulMs;
    let arrived = 0;
    while (arrived < this.#sent && (this.#kept[arrived]?.sentAtMs ?? 0) < before) arrived += 1;
    if (arrived > 0) this.#drop(arrived);
  }

  #drop(count: number): void {
    this.#kept.splice(0, count);
    this.#sent = Math.max(0, this.#sent - count);
  }

  #flush(): void {
    const bus = this.#bus;
    if (bus?.connected !== true) return;
    this.#forget();
    const refused: unknown[] = [];
    for (let next = this.#kept[this.#sent]; next !== undefined; next = this.#kept[this.#sent]) {
      try {
        next.send(bus);
        next.sentAtMs = performance.now();
        this.#sent += 1;
      } catch (thrown) {
        refused.push(thrown);
        this.#kept.splice(this.#sent, 1);
      }
    }
    if (refused.length > 0) throw refused[0];
  }
}
