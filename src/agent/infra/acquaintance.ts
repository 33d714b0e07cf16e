import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter } from '../adapters/adapter.js';

/** Others who are away are not waited for any longer, milliseconds. */
const withinMs = 5_000;
const lookEveryMs = 200;

/** Waits until the daemon can read what `others` members of a group write, or more, and all whom it knows. */
export type Acquaint = (group: string, others: number, signal: AbortSignal) => Promise<void>;

/**
 * Controllers of before start tests soon after the last node has joined. What is written before a reader was given the key to
 * it is never read: so whoever joins, or is to begin, waits for these keys a little, and then goes on without.
 */
export function acquaintance(
  daemon: { serving(signal: AbortSignal): Promise<DaemonAdapter> },
  log: Logger,
): Acquaint {
  return async (group, others, signal) => {
    const soon = joinAborts([signal], withinMs);
    let why = '';
    try {
      const adapter = await daemon.serving(soon.signal);
      while (!soon.signal.aborted) {
        if (adapter.acquainted === undefined) return;
        if (await adapter.acquainted({ id: group }, others, soon.signal)) return;
        await sleep(lookEveryMs, undefined, { signal: soon.signal }).catch(() => {});
      }
    } catch (thrown) {
      why = errorText(thrown);
    } finally {
      soon.release();
    }
    log.info({ group, why }, 'not all members of a group can be read here yet');
  };
}
