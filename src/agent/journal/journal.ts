import { randomBytes } from 'node:crypto';
import { stateName, type TestSnapshot } from '../../../machines/test.js';
import type { RecordOf, ResultRecord } from '../../bus/result-records.js';
import { PosternError } from '../../errors.js';
import type { Arming, Entry, EntryOf, Intent, NewTest, Told } from './entries.js';
import { diskFiles } from './files.js';
import { eventOf, type Ledger, neighbourOf } from './ledger.js';
import { defaultLimits, type JournalOptions } from './options.js';
import type { JournalReader } from './reader.js';
import { type Rebuilt, rebuild } from './rebuild.js';
import type { Received } from './received.js';
import { numbered, RecordLog } from './record-log.js';
import { beginJournal } from './segments.js';
import { startTestActor, type TestActor } from './test-actor.js';
import { openError, stateError } from './trouble.js';

export type { Arming, Intent, NewTest, Told } from './entries.js';
export type { JournalOptions } from './options.js';

/**
 * The journal of one test on one node, and its truth: each thing that happens is a record on disk, and the state of the test
 * is what its machine makes of the records. After a restart `open` rebuilds all of it.
 *
 * A sender does this for each message: `await intend(…)`, which resolves when the intent is safe on disk; then it sends;
 * then `await tell({ k: 'outcome', … })`, which only waits when too much waits to be written. An intent whose outcome was
 * not recorded before a crash becomes `unknown`, and no number is ever taken twice, so that nothing is sent twice.
 *
 * The machine starts and ends the test by the clock: look at `snapshot()` and `onTransition` for what is to be done now
 * (`running`: send; `draining`: only receive). When the disk fails, the machine is `failed`, `intend` rejects, and what was
 * safe stays.
 */
export class Journal {
  /** What the first record says. */
  readonly created: RecordOf<'created'>;
  /** When its actor began in this process, Unix time in milliseconds. */
  readonly bornMs: number;
  readonly #options: JournalOptions;
  readonly #actor: TestActor;
  readonly #ledger: Ledger;
  /** What came. */
  readonly received: Received;
  readonly #log: RecordLog;
  /** Messages that were meant to be sent and have no outcome. */
  readonly #open: Set<number>;
  #ending: Promise<void> | undefined;

  private constructor(options: JournalOptions, rebuilt: Rebuilt) {
    const { created, actor, ledger, received, open, found } = rebuilt;
    this.#options = options;
    this.created = created;
    this.#actor = actor;
    this.bornMs = actor.bornMs;
    this.#ledger = ledger;
    this.received = received;
    this.#open = open;
    const { directory, files = diskFiles, now = Date.now, log } = options;
    this.#log = new RecordLog({
      files,
      directory,
      limits: { ...defaultLimits, ...options.limits },
      found,
      ledger,
      now,
      failed: ({ code, message }, lost) => {
        this.#ending = this.#endFailed({ k: 'failed', code, message, lost, ...ledger.sum() });
      },
      log,
    });
  }

  /**
   * Makes a journal, and resolves when its first record is safe. Throws `DISK_FULL`, `JOURNAL_UNWRITABLE`, and
   * `RECORD_INVALID` for a test that does not fit its record.
   */
  static async create(test: NewTest, options: JournalOptions): Promise<Journal> {
    const { directory, files = diskFiles, now = Date.now } = options;
    const journal = randomBytes(9).toString('base64url');
    const { text } = numbered({ k: 'created', v: 1, ...test, journal }, 1, now());
    try {
      await beginJournal(files, directory, text);
    } catch (thrown) {
      await files.remove(directory).catch(() => {});
      throw openError(thrown, directory);
    }
    return Journal.open(options);
  }

  /**
   * Opens a journal and rebuilds its test. Where it had not ended, it goes on from here: what was cut off at the end is
   * counted, and what was being sent is `unknown`. Throws `JOURNAL_UNREADABLE`, `DISK_FULL`, `JOURNAL_UNWRITABLE`.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { directory, files = diskFiles, now = Date.now, clock, log } = options;
    const failed = (thrown: unknown) => Promise.reject(openError(thrown, directory));
    let journal: Journal | undefined;
    const rebuilt = await rebuild(files, directory, (created) =>
      startTestActor({
        input: created,
        node: created.node,
        effects: {
          begin: () => journal?.begin().catch(untold),
          endSends: () => journal?.endSends().catch(untold),
          finish: () => journal?.finish().catch(untold),
        },
        publish: (transition) => options.publish?.(transition),
        clock,
        now,
        log,
      }),
    ).catch(failed);
    journal = new Journal(options, rebuilt);
    if (!rebuilt.found.closed) await journal.#goOn(rebuilt).catch(failed);
    rebuilt.actor.live();
    return journal;
  }

  /** The test as it is now. */
  snapshot(): TestSnapshot {
    return this.#actor.snapshot();
  }

  /** The state of the test: `created`, `armed`, `running`, `draining`, `finished`, `stopped`, `failed`. */
  get state(): string {
    return stateName(this.snapshot());
  }

  /** Hears each transition of the test. */
  onTransition(listener: (snapshot: TestSnapshot) => void): () => void {
    return this.#actor.onTransition((_, snapshot) => listener(snapshot));
  }

  /** Number of the last record that is safe on disk. */
  get safe(): number {
    return this.#log.safe;
  }

  /** Hears that more is safe than before. */
  onSafe(listener: () => void): () => void {
    return this.#log.onSafe(listener);
  }

  /** Says when to start, and at whose wish; from then on the test starts by itself. Throws `TEST_STATE` unless it was just created. */
  arm(arming: Arming, by?: string): Promise<void> {
    return this.#safely(() => this.#append({ k: 'armed', ...arming }, by));
  }

  /**
   * Records that a message is about to be sent, and resolves when that is safe: only then may it be sent. Throws
   * `TEST_STATE` when the test does not run, `SEQ_TAKEN` unless its number is higher than all before, and what has
   * become of the disk.
   */
  intend(intent: Intent): Promise<void> {
    return this.#safely(() => {
      const { lastSeq } = this.snapshot().context;
      if (intent.seq <= lastSeq) {
        throw new PosternError(
          'SEQ_TAKEN',
          `message ${intent.seq} comes after message ${lastSeq} of the test`,
        );
      }
      const number = this.#append({ k: 'intent', ...intent });
      this.#open.add(intent.seq);
      return number;
    });
  }

  /**
   * Records what has happened. Resolves at once, or when there is room for more. After the end of the test it does nothing.
   * Throws `SEQ_UNKNOWN` for an outcome of a message that was not meant to be sent, `RECORD_INVALID`.
   */
  async tell(entry: Told): Promise<void> {
    if (this.#ending !== undefined || this.snapshot().status !== 'active') return;
    if (entry.k === 'outcome' && !this.#open.has(entry.seq)) {
      throw new PosternError('SEQ_UNKNOWN', `message ${entry.seq} is not on its way`);
    }
    this.#append(entry);
    if (entry.k === 'outcome') this.#open.delete(entry.seq);
    await this.#log.room();
  }

  /** Begins to send, as the test does at its time. Throws `TEST_STATE` unless it is armed. */
  begin(): Promise<void> {
    return this.#safely(() => this.#append({ k: 'started' }));
  }

  /** Nothing more will be sent: the test drains. Throws `TEST_STATE` unless it runs. */
  endSends(): Promise<void> {
    return this.#safely(() => this.#append({ k: 'ended' }));
  }

  /** Ends the test before its time: it drains, for `settleMs` at most. Throws `TEST_STATE` where that ends it no sooner. */
  stop(by: string, reason: string, settleMs?: number, doer?: string): Promise<void> {
    const sooner = settleMs === undefined ? {} : { settleMs: Math.round(settleMs) };
    return this.#safely(() => this.#append({ k: 'stopping', by, reason, ...sooner }, doer));
  }

  /** Ends a test that drains, as its time does; resolves when it has ended or failed. Throws `TEST_STATE`. */
  finish(): Promise<void> {
    if (this.#ending === undefined && !this.snapshot().matches('draining'))
      return Promise.reject(stateError(this.state, 'finished'));
    // calls of a method are received by nobody
    const reads = this.#ending === undefined && this.created.spec.type !== 'call';
    const unread = reads ? this.received.unread() : undefined;
    if (unread !== undefined) this.#push(unread);
    this.#ending ??= this.#end((sum) => ({ k: 'finished', ...sum }));
    return this.#ending;
  }

  /** Ends a test that cannot go on. */
  fail(code: string, message: string): Promise<void> {
    const told = message.slice(0, 512);
    this.#ending ??= this.#end((sum) => ({ k: 'failed', code, message: told, lost: 0, ...sum }));
    return this.#ending;
  }

  /** Resolves when all that was recorded is safe. */
  flushed(): Promise<void> {
    return this.#log.flushed();
  }

  /** Reads what is safe, beside whoever writes; to be closed. */
  reader(): JournalReader {
    return this.#log.reader();
  }

  /** All records that are safe now, in order. */
  records(): AsyncGenerator<ResultRecord> {
    return this.#log.records();
  }

  /** Writes what waits and closes the files. The test stays as it is, for the next `open`. */
  async close(): Promise<void> {
    this.#actor.stop();
    await this.#log.close();
  }

  /** Takes a test up again that had not ended. */
  async #goOn({ found, damaged }: Rebuilt): Promise<void> {
    const { directory, version, log } = this.#options;
    await this.#log.open();
    if (damaged > 0) {
      log.error({ directory, damaged }, 'records of a journal were damaged on disk');
      await this.fail('JOURNAL_DAMAGED', `${damaged} records of the journal were damaged on disk`);
      return;
    }
    const { boots } = this.snapshot().context;
    this.#push({ k: 'boot', boot: boots + 1, version, cut: found.cut });
    this.#settleOpen();
    await this.#log.flushed();
  }

  /** Nobody knows what became of what is on its way. */
  #settleOpen(): void {
    for (const seq of this.#open) this.#push({ k: 'outcome', seq, result: 'unknown' });
    this.#open.clear();
  }

  async #safely(append: () => number): Promise<void> {
    await this.#log.wait(append());
  }

  /** Adds a record where the test takes it now. */
  #append(entry: Entry, doer?: string): number {
    if (this.#ending !== undefined) throw stateError(this.state, entry.k);
    return this.#push(entry, doer);
  }

  #push(entry: Entry, doer = neighbourOf(entry, this.created.node, this.#options.boot)): number {
    const pending = this.#log.next(entry);
    const event = eventOf(pending.record, this.received);
    if (event !== undefined && !this.snapshot().can(event)) throw stateError(this.state, entry.k);
    this.#log.push(pending);
    // the end is not told before it is safe
    if (event !== undefined && event.type !== 'FINISHED' && event.type !== 'FAILED')
      this.#actor.send(event, doer);
    return pending.number;
  }

  async #end(last: (sum: ReturnType<Ledger['sum']>) => EntryOf<'finished' | 'failed'>): Promise<void> {
    this.#settleOpen();
    await this.#log.flushed();
    const entry = last(this.#ledger.sum());
    await this.#log.wait(this.#push(entry));
    await this.#ended(entry);
  }

  async #endFailed(entry: EntryOf<'failed'>): Promise<void> {
    await this.#log.writeFailure(entry);
    await this.#ended(entry);
  }

  /** The last record is safe, or never will be. */
  async #ended(entry: EntryOf<'finished' | 'failed'>): Promise<void> {
    if (entry.k === 'failed') this.#actor.send({ type: 'FAILED', code: entry.code, message: entry.message });
    else this.#actor.send({ type: 'FINISHED' });
    await this.#log.close().catch(() => {});
  }
}

const untold = (): void => {}; // the state of the test tells of it
