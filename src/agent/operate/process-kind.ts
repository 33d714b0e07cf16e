import { processMachine } from '../../../machines/supervised-process.js';
import type { Supervisor } from '../supervise/supervisor.js';
import { type Effects, only, operable } from './operable.js';
import type { OperableKind } from './operate-desk.js';
import { outcomeSoon } from './outcome-soon.js';

/** The process that the agent supervises. */
export function processKind(
  id: string,
  supervisor: Pick<Supervisor, 'start' | 'stop' | 'state' | 'bornMs'>,
): OperableKind {
  const never = new AbortController().signal;
  const started = { nochange: 'it runs already', success: 'it was started', failed: 'it did not stay up' };
  const stopped = { nochange: 'it does not run', success: 'it was stopped', failed: 'it outlives SIGKILL' };
  const effects: Effects = {
    START: async () => {
      const outcome = await outcomeSoon(supervisor.start(never));
      return outcome === undefined ? 'it is being started' : started[outcome];
    },
    STOP: async () => {
      const outcome = await outcomeSoon(supervisor.stop(never));
      return outcome === undefined ? 'it is being stopped' : stopped[outcome];
    },
  };
  return { machine: processMachine, find: only(id, () => operable(supervisor, effects)) };
}
