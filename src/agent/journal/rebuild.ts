import type { RecordOf } from '../../bus/result-records.js';
import { PosternError } from '../../errors.js';
import type { JournalFiles } from './files.js';
import { eventOf, Ledger } from './ledger.js';
import { Received } from './received.js';
import { type Recovered, recover } from './recover.js';
import type { TestActor } from './test-actor.js';

/** A test as its records tell it. */
export interface Rebuilt {
  readonly created: RecordOf<'created'>;
  readonly actor: TestActor;
  readonly ledger: Ledger;
  readonly received: Received;
  /** Messages that were meant to be sent and have no outcome. */
  readonly open: Set<number>;
  readonly found: Recovered;
  /** Records that cannot be read any more. */
  readonly damaged: number;
}

/**
 * Tells a new machine of a test what its records say, from the first to the last. Throws `JOURNAL_UNREADABLE` where there is
 * no first record that could be read.
 */
export async function rebuild(
  files: JournalFiles,
  directory: string,
  start: (created: RecordOf<'created'>) => TestActor,
): Promise<Rebuilt> {
  const ledger = new Ledger();
  const received = new Received();
  const open = new Set<number>();
  let actor: TestActor | undefined;
  let created: RecordOf<'created'> | undefined;
  let damaged = 0;
  const found = await recover(files, directory, (record, text) => {
    if (record.k === 'created') {
      created = record;
      actor ??= start(record);
    }
    ledger.add(record, text);
    if (record.k === 'intent') open.add(record.seq);
    else if (record.k === 'outcome') open.delete(record.seq);
    else if (record.k === 'damaged') damaged += record.to - record.n + 1;
    const event = eventOf(record, received);
    if (event !== undefined) actor?.send(event);
  });
  if (created === undefined || actor === undefined) {
    throw new PosternError('JOURNAL_UNREADABLE', `the journal in ${directory} has no first record`, {
      hint: 'what else is in it can be read with strings(1); move it away',
    });
  }
  return { created, actor, ledger, received, open, found, damaged };
}
