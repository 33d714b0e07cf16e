import type { handleUnaryCall } from '@grpc/grpc-js';
import { PosternError } from '../../errors.js';
import type { Command } from '../../gen/postern/v1/tests.js';
import type { ownMethods } from '../own-method.js';
import type { RunBook, RunCommand } from './run-book.js';

/** What every request that changes something has. */
export interface Commanded {
  readonly command: Command | undefined;
  /** Name of the run, where the request names one itself. */
  readonly run?: string;
}

/** Makes methods that change something: refused to a controller that another one has taken over from. */
export function commandedMethods(method: ReturnType<typeof ownMethods>, book: RunBook) {
  return <Q extends Commanded, R>(
    work: (request: Q, signal: AbortSignal) => Promise<R>,
  ): handleUnaryCall<Q, R> =>
    method<Q, R>(async (request, signal) => {
      await book.admit(commandOf(request));
      return work(request, signal);
    });
}

/** On whose behalf something is asked. Throws `RUN_INVALID` where the request says two things. */
export function commandOf({ command = { run: '', term: 0 }, run }: Commanded): RunCommand {
  if (run === undefined || command.run === run || (command.run === '' && command.term === 0)) return command;
  throw new PosternError(
    'RUN_INVALID',
    `the command is of the run '${command.run}', what it asks for of '${run}'`,
  );
}

/** Whose doing it is, as `machine/id`; undefined where no run asks for it. */
export function doerOf(request: Commanded): string | undefined {
  const { run, term } = commandOf(request);
  return run === '' || term === 0 ? undefined : `run/${run}`;
}
