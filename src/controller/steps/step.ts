import { setTimeout as sleep } from 'node:timers/promises';
import { CallFailed } from '../../client/call-failed.js';
import { errorText, PosternError } from '../../errors.js';
import { isPassing, isSuperseded } from '../nodes/node-calls.js';

/** Between two tries of the same, milliseconds. */
const againMs = 500;

/** What may work later though it does not now. */
const passing: ReadonlySet<string> = new Set([
  'HUB_UNREACHABLE',
  'NODES_MISSING',
  'DAEMON_AWAY',
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'NO_ANSWER',
  'RESULTS_LOST',
]);

/** Another controller conducts the run: nothing may be done for it any more. */
export class Superseded extends Error {}

/** The run is in another state: what was done for the one before ends. */
export class StepOver extends Error {}

/** What a step of a run is given to be done. */
export interface StepLife {
  /** Aborted when the run is in another state, or with another controller. */
  readonly signal: AbortSignal;
  /** Told what it waits for, for people; undefined: it goes on. */
  readonly trouble: (text: string | undefined) => void;
}

/**
 * Does something until it works. Throws `Superseded`, the reason of the signal, and what can never work as it is:
 * a `PosternError` `STEP_IMPOSSIBLE` that names it.
 * @param what for people, e.g. `north joins chat`
 */
export async function insist<T>(
  { signal, trouble }: StepLife,
  what: string,
  attempt: () => Promise<T>,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const done = await attempt();
      return done;
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof Superseded) throw thrown;
      if (thrown instanceof CallFailed && isSuperseded(thrown)) throw new Superseded(errorText(thrown));
      if (!(thrown instanceof PosternError) || thrown.code === 'STEP_IMPOSSIBLE') throw thrown;
      const may = thrown instanceof CallFailed ? isPassing(thrown) : passing.has(thrown.code);
      if (!may) throw impossible(what, thrown);
      trouble(`${what}: ${errorText(thrown)}`);
    }
    await sleep(againMs, undefined, { signal });
  }
}

function impossible(what: string, thrown: unknown): PosternError {
  return new PosternError('STEP_IMPOSSIBLE', `${what}: ${errorText(thrown)}`, { cause: thrown });
}

/** Does something for each of many, `atOnce` at a time; the first failure ends it when those under way have ended. */
export async function forEach<T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < all.length && !failed) {
      const one = all[next++];
      if (one === undefined) return;
      try {
        await work(one);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  };
  const done = await Promise.allSettled(Array.from({ length: Math.min(atOnce, all.length) }, worker));
  for (const one of done) if (one.status === 'rejected') throw one.reason;
}
