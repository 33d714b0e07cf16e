import type { RecordKind, RecordOf, ResultRecord } from '../../bus/result-records.js';

/** A record without what the journal adds: its number, and when it was written. */
export type EntryOf<K extends RecordKind> = { [Each in K]: Omit<RecordOf<Each>, 'n' | 'at'> }[K];

/** Every record that a journal can be told. */
export type Entry = EntryOf<RecordKind>;

/** What may be told while a test goes on, without waiting for the disk: see result-records.ts for what each must hold. */
export type Told = EntryOf<
  'outcome' | 'receipt' | 'ready' | 'final' | 'slip' | 'hub' | 'daemon' | 'clock' | 'note'
>;

/** What is about to be sent: its number among this node's messages of the test, when it is due, and what it holds. */
export type Intent = Omit<EntryOf<'intent'>, 'k'>;

/** When to start: by the controller's clock and by this machine's own, and how the two differ. */
export type Arming = Omit<EntryOf<'armed'>, 'k'>;

/** A test that is to have a journal. */
export type NewTest = Pick<
  Extract<ResultRecord, { k: 'created' }>,
  'run' | 'test' | 'node' | 'settleMs' | 'sendMs' | 'spec'
>;
