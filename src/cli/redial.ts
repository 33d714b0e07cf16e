import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { CallFailed } from '../client/call-failed.js';
import type { HubConnection } from '../client/hub-connection.js';
import type { HubTarget } from '../client/hub-target.js';
import { PosternError } from '../errors.js';
import type { Invocation } from './invocation.js';
import { styleFor } from './style.js';
import { withHub } from './with-hub.js';

/** The pause before a hub that was lost is dialed, in milliseconds; doubled each time up to the longest. */
const [firstPauseMs, longestPauseMs] = [250, 2_000];
/** A hub that does not come back for this long is given up, in milliseconds. */
const giveUpAfterMs = 60_000;

/** How a command that looks on is told that the hub answers. */
export type Answered = () => void;

/** What a command that waits wants otherwise than one that looks on for ever. */
export interface Patience {
  /** A hub that has never answered is dialed again too, and none is ever given up; the signal ends it. */
  readonly until: AbortSignal;
  /** Hears why the hub could not be asked. */
  readonly lost?: (why: PosternError) => void;
  /** Says for people that a hub was lost, and that it is back; default: on stderr. */
  readonly tell?: (text: string) => void;
  /** Default: as the options of `hubOptions` say. */
  readonly hub?: HubTarget | undefined;
}

/**
 * Runs `use`, which looks on at a hub without end, again and again: when the hub is lost, that is told on stderr, and
 * it is found and dialed again. Throws what ends the first attempt before the hub has answered, whatever is no loss of
 * the hub, and the last loss when the hub has not answered for a minute. With `patience` only what is no loss.
 */
export async function lookOn(
  invocation: Invocation,
  use: (connection: HubConnection, answered: Answered) => Promise<number>,
  patience?: Patience,
): Promise<number> {
  const { stderr } = invocation.streams;
  const toPeople = (text: string): void => {
    stderr.write(`${styleFor(stderr, invocation.env).dim(`postern: ${text}`)}\n`);
  };
  const tell = patience?.tell ?? toPeople;
  let lostAt: number | undefined;
  let everAnswered = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
    try {
      const looked = (connection: HubConnection): Promise<number> =>
        use(connection, () => {
          if (lostAt !== undefined && everAnswered)
            tell(`the hub at ${connection.target.address} answers again`);
          everAnswered = true;
          lostAt = undefined;
          pauseMs = firstPauseMs;
        });
      return await withHub(invocation, looked, patience?.hub);
    } catch (thrown) {
      if (!isLoss(thrown) || (!everAnswered && patience === undefined)) throw thrown;
      patience?.lost?.(thrown);
      if (lostAt === undefined && everAnswered) tell(`the hub was lost, dialing it again: ${thrown.message}`);
      lostAt ??= performance.now();
      if (patience === undefined && performance.now() - lostAt > giveUpAfterMs) throw thrown;
      if (patience?.until.aborted === true) throw thrown;
    }
    await sleep(pauseMs, undefined, patience === undefined ? {} : { signal: patience.until });
  }
}

/** The hub is not there, is about to stop, or cannot answer now. */
function isLoss(thrown: unknown): thrown is PosternError {
  if (thrown instanceof CallFailed) return thrown.status.code === status.UNAVAILABLE;
  return thrown instanceof PosternError && thrown.code === 'HUB_UNREACHABLE';
}
