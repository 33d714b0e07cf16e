import { credentials, Metadata } from '@grpc/grpc-js';
import { DaemonServiceClient } from '../../../gen/postern/daemon/v1/daemon.js';
import type { Canary, Sight } from '../injection.js';
import { findDaemon } from './daemon-process.js';
import { hasOffset, offsetOf } from './faketime.js';

/** A daemon that tells its time does so within this, milliseconds. */
const tellWithinMs = 500;
/** The clock that a daemon tells may be so far from where it was put, milliseconds: it takes time to ask. */
const nearMs = 1_000;

/**
 * Looks whether the daemon's process has the clock of a fault: whether it is libfaketime that tells it the time, and with
 * what offset; and where the daemon tells its time itself, whether that is so.
 */
export function clockCanary(target: string, clockMs: number): Canary {
  return {
    path: 'affected',
    name: `the clock of the daemon at ${target}`,
    async look(signal): Promise<Sight> {
      const startedMs = performance.now();
      const ms = () => performance.now() - startedMs;
      try {
        const { head } = await findDaemon(target);
        const [offset, isPut, off] = await Promise.all([
          offsetOf(head.pid),
          hasOffset(head.pid, clockMs),
          toldBy(target, signal),
        ]);
        return { through: true, ms: ms(), found: foundOf(offset, isPut, off, clockMs) };
      } catch {
        return { through: false, ms: ms(), found: 'no daemon' };
      }
    },
  };
}

function foundOf(
  offset: string | undefined,
  isPut: boolean,
  off: number | undefined,
  clockMs: number,
): string {
  if (offset === undefined) return 'the clock of the machine';
  if (!isPut) return `another clock (${offset})`;
  if (off === undefined) return `wrong by ${offset}`;
  // What it tells says more than how it was started: where the two differ, it has the clock of before.
  return Math.abs(off - clockMs) < nearMs ? `wrong by ${offset}, as it says` : 'the clock of the machine';
}

/** The daemon's clock minus the true one, milliseconds; undefined where it does not tell. */
function toldBy(target: string, signal: AbortSignal): Promise<number | undefined> {
  const client = new DaemonServiceClient(target, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  return new Promise<number | undefined>((resolve) => {
    const askedMs = Date.now();
    const call = client.getStatus(
      {},
      new Metadata(),
      { deadline: askedMs + tellWithinMs },
      (error, answer) => {
        if (error !== null || answer.nowMs === 0) resolve(undefined);
        else resolve(answer.nowMs - (askedMs + Date.now()) / 2);
      },
    );
    if (signal.aborted) call.cancel();
    else signal.addEventListener('abort', () => call.cancel(), { once: true });
  }).finally(() => client.close());
}
