import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import { edgeIdOf } from '../../machines/definition.js';
import { eventName } from '../../machines/event-name.js';
import type { Transition } from '../bus/messages.js';
import { definitionHash } from './definition-hash.js';
import { IgnoredEvents } from './ignored-events.js';
import { shownFacts } from './shown-facts.js';

/** A message shall stay below 4 KiB: of them so many may be facts, and so many what an event said. */
const [mostContextBytes, mostDetailBytes] = [2_560, 768];
/** Of one transition so many edges are told. */
const mostEdges = 16;

/** Whom the transitions are of, and where they go. */
export interface TellerOptions {
  readonly machine: AnyStateMachine;
  readonly machineName: string;
  readonly id: string;
  readonly now: () => number;
  readonly publish: (transition: Transition) => void;
  /** The present facts and state of the actor. */
  readonly context: () => Record<string, unknown>;
  readonly state: () => string;
  /** Does something, and says what failed when that throws. */
  readonly attempt: (what: string, work: () => void) => void;
}

/** What happened. */
export interface Happening {
  /** With its type as the machine calls it. */
  readonly event: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly from: string;
  readonly to: string;
  readonly edges: readonly AnyTransitionDefinition[];
  /** `machine/id`. */
  readonly by?: string | undefined;
}

/** Makes of what happens to an actor the messages that tell of it, and counts them. */
export class Teller {
  readonly #options: TellerOptions;
  /** When its life began, Unix time in milliseconds. */
  readonly bornMs: number;
  readonly #definition: string;
  readonly #ignored: IgnoredEvents;
  /** Undefined: its life has not begun yet, or has ended. */
  #sequence: number | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.bornMs = options.now();
    this.#definition = definitionHash(options.machine);
    this.#ignored = new IgnoredEvents((type) =>
      options.attempt('ignored events were not told', () => this.#tellIgnored(type)),
    );
  }

  /** The actor is there; `edges` are those that it took on its way into its first state. */
  begin(edges: readonly AnyTransitionDefinition[]): void {
    this.#sequence = 0;
    this.#send({ event: { type: 'xstate.init' }, from: '', to: this.#options.state(), edges });
  }

  /** A transition; it is published unless the actor's life has not begun. */
  tell(happening: Happening): Transition {
    this.#ignored.told();
    return this.#send(happening);
  }

  /** Its states did not take an event. */
  ignored(type: string): void {
    if (this.#sequence !== undefined) this.#ignored.add(eventName(type));
  }

  /** The actor is there no more. */
  end(type: string, detail: Readonly<Record<string, unknown>> = {}): void {
    this.#ignored.stop();
    if (this.#sequence === undefined) return;
    this.#send({ event: { ...detail, type }, from: this.#options.state(), to: '', edges: [] });
    this.#sequence = undefined;
  }

  /** Says nothing any more. */
  stop(): void {
    this.#ignored.stop();
    this.#sequence = undefined;
  }

  #tellIgnored(type: string): void {
    const state = this.#options.state();
    this.#send({ event: { type }, from: state, to: state, edges: [] });
  }

  #send({ event: { type, ...said }, from, to, edges, by }: Happening): Transition {
    const { machineName, id, now, context, publish, attempt } = this.#options;
    const sequence = this.#sequence ?? 0;
    const ids = edges.map(edgeIdOf).filter((edge) => edge !== undefined);
    const ignored = this.#ignored.counts();
    const detail = shownFacts(said, mostDetailBytes);
    const transition: Transition = {
      v: 1,
      machine: machineName,
      id,
      atMs: now(),
      bornMs: this.bornMs,
      sequence,
      event: eventName(type),
      ...(Object.keys(detail).length === 0 ? {} : { detail }),
      from,
      to,
      ...(ids.length === 0 && (from === '' || to === '') ? {} : { edges: ids.slice(0, mostEdges) }),
      ...(ignored === undefined ? {} : { ignored }),
      ...(by === undefined ? {} : { by }),
      definition: this.#definition,
      context: shownFacts(context(), mostContextBytes),
    };
    if (this.#sequence !== undefined) {
      this.#sequence += 1;
      attempt('a transition was not published', () => publish(transition));
    }
    return transition;
  }
}
