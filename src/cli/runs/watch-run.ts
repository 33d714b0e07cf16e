import { status } from '@grpc/grpc-js';
import { CallFailed, messagesOf } from '../../client/call-failed.js';
import type { HubConnection } from '../../client/hub-connection.js';
import type { HubTarget } from '../../client/hub-target.js';
import { errorText, PosternError } from '../../errors.js';
import type { Run } from '../../gen/postern/v1/runs.js';
import type { Invocation } from '../invocation.js';
import { type Answered, lookOn } from '../redial.js';
import type { RunShow } from './run-show.js';
import { RunsCalls } from './runs-calls.js';

/** Between two tries to end a run that the hub did not take, milliseconds. */
const againMs = 1_000;

/** How a run is looked on at. */
export interface WatchOptions {
  readonly run: string;
  readonly show: RunShow;
  /** Default: as the options of `hubOptions` say. */
  readonly hub?: HubTarget | undefined;
  /** When it aborts, the run is ended before its time; its reason is told as a text. */
  readonly ending?: AbortSignal | undefined;
}

/**
 * Shows a run until it has ended: a hub that is lost is dialed again for ever. Resolves to the run as it ended. Throws
 * what is no loss of the hub.
 */
export async function watchRun(invocation: Invocation, options: WatchOptions): Promise<Run> {
  let last: Run | undefined;
  const look = async (connection: HubConnection, answered: Answered): Promise<number> => {
    const calls = new RunsCalls(connection);
    const ended = keepEnding(calls, options);
    const stream = calls.watch(options.run);
    try {
      for await (const message of messagesOf(stream)) {
        answered();
        options.show.take(message);
        last = message.run;
        if (last !== undefined && last.endedAtMs > 0) return 0;
      }
    } finally {
      ended();
      stream.cancel();
    }
    throw new PosternError('HUB_UNREACHABLE', `the hub at ${connection.target.address} has ended the watch`);
  };
  const never = new AbortController().signal;
  await lookOn(invocation, look, {
    until: never,
    tell: options.show.say.bind(options.show),
    hub: options.hub,
  });
  if (last === undefined) throw new Error('the watch ended before the run');
  return last;
}

/** Once it shall end, asks for that until somebody has heard it; gives what stops it. */
function keepEnding(calls: RunsCalls, { run, show, ending }: WatchOptions): () => void {
  if (ending === undefined) return () => {};
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const ask = (): void => {
    calls.stop(run, String(ending.reason)).catch((thrown: unknown) => {
      if (over) return;
      if (isPassing(thrown)) timer = setTimeout(ask, againMs);
      else show.say(`it cannot be ended: ${errorText(thrown)}`);
    });
  };
  if (ending.aborted) ask();
  else ending.addEventListener('abort', ask, { once: true });
  return () => {
    over = true;
    clearTimeout(timer);
    ending.removeEventListener('abort', ask);
  };
}

function isPassing(thrown: unknown): boolean {
  return (
    thrown instanceof CallFailed &&
    [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.ABORTED].includes(thrown.status.code)
  );
}
