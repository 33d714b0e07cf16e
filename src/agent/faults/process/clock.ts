import { PosternError } from '../../../errors.js';
import { environmentBy } from './faketime.js';
import { type LaunchOrder, launchDaemon } from './launch.js';
import { endGently } from './relaunch.js';
import type { ProcessRef } from './signals.js';

/** A clock that is put wrong. */
export interface WrongClock {
  /** The processes of the daemon as it is. */
  readonly all: readonly ProcessRef[];
  /** How it was started. */
  readonly order: LaunchOrder;
  /** The file of libfaketime. */
  readonly library: string;
  /** The clock minus the true one, milliseconds. */
  readonly clockMs: number;
  /** By which the processes with that clock are found again. */
  readonly mark: string;
}

/** Ends the daemon and starts it with another clock. Rejects `FAULT_FAILED`, and what ending and starting may. */
export async function putClockWrong({ all, order, library, clockMs, mark }: WrongClock): Promise<void> {
  await endGently(all);
  const environment = environmentBy(library, clockMs, mark, order.environment);
  const said = await launchDaemon({ ...order, environment });
  if (said !== undefined) throw new PosternError('FAULT_FAILED', `the clock was not put wrong: ${said}`);
}
