import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Journal } from '../journal/journal.js';
import type { FaultFact } from './fault-fact.js';
import { type FaultPlan, outageRun } from './plan.js';

/** A fault does not wait longer for the disk of a journal, milliseconds. */
const safeWithinMs = 2_000;

/**
 * Records what a fault did in the journals of its run's tests, or of all tests where it belongs to no run, as a `note` of the topic `fault`; resolves when that is safe
 * on disk, or when it takes long. Never rejects.
 */
export async function noteFault(
  journals: readonly Journal[],
  { run, fault, kind }: FaultPlan,
  { phase, atMs, by, why, proof }: FaultFact,
  log: Logger,
): Promise<void> {
  const reason = why === undefined ? {} : { code: why.code, reason: why.message.slice(0, 512) };
  const shown = proof === undefined ? {} : { outcome: proof.outcome, reason: proof.reason.slice(0, 512) };
  const data = { fault, kind, phase, at: atMs, by, ...reason, ...shown };
  const told = journals
    .filter(({ created }) => run === outageRun || created.run === run)
    .map(async (journal) => {
      try {
        await journal.tell({ k: 'note', topic: 'fault', data });
        await journal.flushed();
      } catch (thrown) {
        const { test } = journal.created;
        log.warn({ run, test, fault, phase, err: errorText(thrown) }, 'a test was not told of a fault');
      }
    });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, safeWithinMs);
  });
  await Promise.race([Promise.all(told), late]);
  clearTimeout(timer);
}
