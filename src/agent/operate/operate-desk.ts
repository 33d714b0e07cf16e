import type { AnyStateMachine } from 'xstate';
import { definitionOf } from '../../../machines/definition.js';
import { operationsOf, takesText } from '../../../machines/operations.js';
import type { Bus, Stop } from '../../bus/bus.js';
import { anyBoot, type OperateAnswer, type OperateOrder } from '../../bus/operate-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** Who wants something, and why. */
export type Wish = Pick<OperateOrder, 'event' | 'by' | 'reason'>;

/** An actor, as operators meet it. */
export interface Operable {
  /** When it began, Unix time in milliseconds. */
  readonly bornMs: number;
  readonly state: string;
  /** Carries out what its machine marks as for operators; gives what became of it. */
  operate(wish: Wish): Promise<string> | string;
}

/** The actors of one machine. */
export interface OperableKind {
  readonly machine: AnyStateMachine;
  /** By id; undefined: it is not here. */
  find(id: string): Operable | undefined;
}

/** The longest outcome that is told. */
const longestOutcome = 512;

/**
 * Takes what hubs tell the actors of this agent in the name of operators. Only hubs may publish there, and they have looked
 * whether the operator may. Whether the actor's present state takes the event is looked here, where it is known.
 */
export class OperateDesk {
  readonly #agent: { readonly node: string; readonly key: string; readonly boot: string };
  readonly #kinds: ReadonlyMap<string, OperableKind>;
  readonly #log: Logger;

  constructor(options: {
    readonly node: string;
    /** Public key of the agent. */
    readonly key: string;
    /** Id of this run of the agent. */
    readonly boot: string;
    readonly kinds: readonly OperableKind[];
    readonly log: Logger;
  }) {
    const { node, key, boot, kinds, log } = options;
    this.#agent = { node, key, boot };
    this.#kinds = new Map(kinds.map((kind) => [kind.machine.id, kind]));
    this.#log = log;
  }

  /** Hears what is wanted, on this connection. */
  listen(bus: Bus): Stop {
    const { node, boot } = this.#agent;
    const stops = [boot, anyBoot].map((to) =>
      bus.subscribe(
        subjects.operate,
        { node, boot: to },
        ({ body }) => void this.#take(bus, body, to === boot),
      ),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** `only`: nobody else was asked. */
  async #take(bus: Bus, order: OperateOrder, only: boolean): Promise<void> {
    const { machine, id, event, by, reason } = order;
    const kind = this.#kinds.get(machine);
    const actor = kind?.find(id);
    if (!only && actor === undefined) return;
    const answer = await this.#carryOut(order, kind, actor);
    this.#log.info(
      { machine, id, event, by, reason, ...answer, order: undefined },
      'an operator wanted something',
    );
    const { node, key } = this.#agent;
    if (bus.connected) {
      const outcome = answer.outcome.replace(/\p{Cc}/gu, ' ').slice(0, longestOutcome);
      bus.publish(subjects.operated, { node, key }, { order: order.order, result: answer.result, outcome });
    }
  }

  async #carryOut(
    { id, event, by, reason, bornMs }: OperateOrder,
    kind: OperableKind | undefined,
    actor: Operable | undefined,
  ): Promise<Omit<OperateAnswer, 'order'>> {
    if (kind === undefined || actor === undefined) return refused('it is not there any more');
    if (bornMs !== undefined && bornMs !== actor.bornMs) {
      return refused(`another one is meant: this one began at ${new Date(actor.bornMs).toISOString()}`);
    }
    const offered = operationsOf(definitionOf(kind.machine), actor.state);
    if (offered.every((one) => one.event !== event)) {
      return refused(
        takesText(
          actor.state,
          offered.map((one) => one.event),
        ),
      );
    }
    try {
      return { result: 'done', outcome: await actor.operate({ event, by, reason }) };
    } catch (thrown) {
      if (!(thrown instanceof PosternError)) {
        this.#log.error(
          { machine: kind.machine.id, id, event, err: errorText(thrown) },
          'it could not be done',
        );
      }
      return { result: 'failed', outcome: errorText(thrown) };
    }
  }
}

function refused(outcome: string): Omit<OperateAnswer, 'order'> {
  return { result: 'refused', outcome };
}
