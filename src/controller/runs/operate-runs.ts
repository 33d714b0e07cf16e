import { definitionOf } from '../../../machines/definition.js';
import { operationsOf, takesText } from '../../../machines/operations.js';
import { runMachine } from '../../../machines/run.js';
import type { Bus, Stop } from '../../bus/bus.js';
import type { OperateAnswer, OperateOrder } from '../../bus/operate-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { RunBoard } from './board.js';
import { runView } from './run-view.js';

/** Of all controllers one is asked; whoever conducts the run hears of it through the bucket. */
const queue = 'controllers';

/** Takes what hubs tell runs in the name of operators: only hubs may, and they have looked whether the operator may. */
export function operateRuns(
  bus: Pick<Bus, 'publish' | 'subscribe' | 'connected'>,
  board: () => Promise<Pick<RunBoard, 'entry' | 'askToStop'>>,
  log: Logger,
): Stop {
  const take = async (run: string, order: OperateOrder): Promise<void> => {
    const answer = await carryOut(await board(), run, order).catch((thrown: unknown) => ({
      result: 'failed' as const,
      outcome: errorText(thrown),
    }));
    const { event, by, reason } = order;
    log.info({ run, event, by, reason, ...answer }, 'an operator wanted something of a run');
    const outcome = answer.outcome.replace(/\p{Cc}/gu, ' ').slice(0, 512);
    if (bus.connected) {
      bus.publish(subjects.operatedRun, { run }, { order: order.order, result: answer.result, outcome });
    }
  };
  return bus.subscribe(
    subjects.operateRun,
    {},
    ({ params: { run }, body }) => {
      take(run, body).catch((thrown: unknown) => {
        log.warn({ run, err: errorText(thrown) }, 'what an operator wanted of a run was not done');
      });
    },
    { queue },
  );
}

async function carryOut(
  board: Pick<RunBoard, 'entry' | 'askToStop'>,
  run: string,
  { machine, event, by, reason }: OperateOrder,
): Promise<Omit<OperateAnswer, 'order'>> {
  const entry = board.entry(run);
  if (entry === undefined || machine !== 'run')
    return { result: 'refused', outcome: 'it is not stored any more' };
  const { state } = runView(entry);
  const offered = operationsOf(definitionOf(runMachine), state).map((one) => one.event);
  if (!offered.includes(event)) return { result: 'refused', outcome: takesText(state, offered) };
  const { stop } = await board.askToStop(run, by, reason);
  if (entry.stop !== undefined) {
    return { result: 'done', outcome: `${stop?.by ?? 'somebody'} has asked it to end already` };
  }
  return { result: 'done', outcome: 'it is asked to end' };
}
