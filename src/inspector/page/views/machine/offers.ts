import { operationsOf } from '../../../../../machines/operations.js';
import type { Offer } from '../../parts/operate.js';
import type { Chart } from './chart.js';
import type { ActorNow } from './model.js';

/** What an operator may do: what the state takes by its definition, unless the hub has said that it does not. */
export function offersOf(
  chart: Chart,
  { state, operations }: Pick<ActorNow, 'state' | 'operations'>,
): readonly Offer[] {
  return operationsOf(chart, state)
    .filter(({ event }) => operations === undefined || operations.includes(event))
    .map(({ event, title, effect, grave }) => ({ event, title, effect, grave: grave === true }));
}
