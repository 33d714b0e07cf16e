import type { RecordOf } from '../../bus/result-records.js';
import type { JournalFiles } from './files.js';
import { eventOf, Ledger } from './ledger.js';
import { type Recovered, recover } from './recover.js';
import type { TestActor } from './test-actor.js';

/** A test as its records tell it. */
export interface Rebuilt {
  readonly created: RecordOf<'created'>;
  readonly actor: TestActor;
  readonly ledger: Ledger;
  /** Messages that were meant to be sent and have no outcome. */
  readonly open: Set<number>;
  readonly found: Recovered;
  /** Records that cannot be read any more. */
  readonly damaged: number;
}

/**
 * Tells a new machine of a test what its records say, from the first to the last. Undefined: there is no first record that
 * could be read.
 */
export async function rebuild(
  files: JournalFiles,
  directory: string,
  start: (created: RecordOf<'created'>) => TestActor,
): Promise<Rebuilt | undefined> {
  const ledger = new Ledger();
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
    const event = eventOf(record);
    if (event !== undefined) actor?.send(event);
  });
  if (created === undefined || actor === undefined) return undefined;
  return { created, actor, ledger, open, found, damaged };
}
