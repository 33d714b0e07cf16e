import { anyBoot, type OperateAnswer } from '../../bus/operate-messages.js';
import { PosternError } from '../../errors.js';
import type { Actor } from '../../gen/postern/v1/inspector.js';
import type { HubOperators } from '../../operating.js';
import type { Order, Orders } from './orders.js';

/** Does something to an actor; resolves to what became of it, for people. Throws `REFUSED`, `UNAVAILABLE` and others. */
export type Effect = (actor: Actor, order: Order) => Promise<string>;

/** Who does what operators want, by machine. */
export function effectsOf(
  orders: Pick<Orders, 'toNode' | 'toControllers'>,
  hub: Pick<HubOperators, 'node'>,
): Readonly<Record<string, Effect>> {
  const toProcess: Effect = async (actor, order) => {
    const boot = actor.id.slice(actor.id.lastIndexOf('.') + 1);
    return outcomeOf(await orders.toNode(actor.node, boot, order), actor);
  };
  const toWhoeverHasIt: Effect = async (actor, order) =>
    outcomeOf(await orders.toNode(actor.node, anyBoot, order), actor);
  return {
    node: ({ id }, { event, by }) => hub.node(id, event, by),
    link: toProcess,
    daemon: toProcess,
    process: toProcess,
    test: toWhoeverHasIt,
    fault: toWhoeverHasIt,
    run: async (actor, order) => outcomeOf(await orders.toControllers(actor.id, order), actor),
  };
}

function outcomeOf(answer: OperateAnswer | undefined, { machine, state }: Actor): string {
  if (answer === undefined) throw new PosternError('NOT_TOLD', silentText(machine, state));
  if (answer.result === 'done') return answer.outcome;
  throw new PosternError(answer.result === 'refused' ? 'REFUSED' : 'NOT_DONE', answer.outcome);
}

/** Why it may be that nobody has answered. */
function silentText(machine: string, state: string): string {
  if (machine === 'run') return `no controller has answered; it was ${state} when it was last heard of`;
  const beside = machine === 'link' ? ': where it runs, SIGHUP to the agent does the same as retry now' : '';
  return `its agent has not answered; it was ${state} when it was last heard of, and may be cut off${beside}`;
}
