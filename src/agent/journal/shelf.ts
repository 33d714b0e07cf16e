import { join } from 'node:path';
import { lockDirectory, type Release } from '../../bus/directory-lock.js';
import { largestRecordBytes } from '../../bus/result-messages.js';
import { resultToken } from '../../bus/result-records.js';
import { errorText, PosternError } from '../../errors.js';
import { InTurn } from '../../in-turn.js';
import { diskFiles } from './files.js';
import { headerBytes, scanFrames } from './frame.js';
import { Journal, type JournalOptions, type NewTest } from './journal.js';
import { endRemovals, removeWhole } from './removal.js';
import { listSegments, readWhole } from './segments.js';

/** What a shelf is made of: as for one journal, with the directory of all. */
export interface ShelfOptions extends JournalOptions {
  /** The most tests that journals are kept of; default: 1,000. */
  readonly mostJournals?: number;
}

/** Says which of these journals may be removed for want of room; undefined: none of them. */
export type Spare = (journals: readonly Journal[]) => Promise<Journal | undefined>;

/** Hears of a journal; it is waited for. */
type GoneListener = (journal: Journal) => unknown;

/** All journals of an agent, in `<directory>/runs/<run>/<test>/`, for one process at a time. */
export class JournalShelf {
  readonly #options: ShelfOptions;
  readonly #release: Release;
  readonly #journals = new Map<string, Journal>();
  readonly #listeners = new Set<(journal: Journal) => void>();
  readonly #goneListeners = new Set<GoneListener>();
  /** Those that are being made. */
  readonly #making = new Map<string, Promise<Journal>>();
  /** Those of them that have room. */
  readonly #roomy = new Set<string>();
  readonly #rooms = new InTurn();
  #spare: Spare = async () => undefined;

  private constructor(options: ShelfOptions, release: Release) {
    this.#options = options;
    this.#release = release;
  }

  /**
   * Opens all journals that are there; tests that had not ended go on. One that cannot be read is told of in the log and
   * left where it is. Throws `DATA_IN_USE` when another process has them.
   */
  static async open(options: ShelfOptions): Promise<JournalShelf> {
    const { directory, files = diskFiles, log } = options;
    const runs = join(directory, 'runs');
    await files.makeDirectory(runs);
    const shelf = new JournalShelf(options, await lockDirectory(join(directory, 'lock')));
    try {
      await endRemovals(files, runs);
      for (const run of tokens(await files.list(runs))) {
        await endRemovals(files, join(runs, run));
        for (const test of tokens(await files.list(join(runs, run)))) {
          await shelf.#openOne(run, test).catch((thrown: unknown) => {
            log.error({ run, test, err: errorText(thrown) }, 'a journal could not be opened');
          });
        }
      }
    } catch (thrown) {
      await shelf.close();
      throw thrown;
    }
    return shelf;
  }

  /** The journals, those of tests that have ended among them. */
  all(): Journal[] {
    return [...this.#journals.values()];
  }

  get(run: string, test: string): Journal | undefined {
    return this.#journals.get(keyOf(run, test));
  }

  /** Hears of each journal that is made from now on. */
  onNew(listener: (journal: Journal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hears of each journal that is about to be removed: nothing more is to be done for its test. */
  onGone(listener: GoneListener): () => void {
    this.#goneListeners.add(listener);
    return () => this.#goneListeners.delete(listener);
  }

  /** From now on `spare` is asked when there is no room for one more test; what it gives is removed. */
  onFull(spare: Spare): void {
    this.#spare = spare;
  }

  /**
   * Makes the journal of a test; where there is one already of the same test, gives that. Throws what `Journal.create`
   * throws, `TEST_EXISTS` when the one that is there is another test of the same name, `TOO_MANY_TESTS`, `JOURNAL_UNREADABLE`
   * when one lies there that could not be opened.
   */
  async create(test: NewTest): Promise<Journal> {
    const key = keyOf(test.run, test.test);
    const making = this.#making.get(key) ?? this.#make(key, test);
    this.#making.set(key, making);
    try {
      const journal = await making;
      if (sameTest(test, journal.created)) return journal;
      throw new PosternError(
        'TEST_EXISTS',
        `there is another test '${test.test}' of the run '${test.run}' here`,
      );
    } finally {
      this.#making.delete(key);
    }
  }

  /** The run is closed: its journals are stopped and removed. */
  async closeRun(run: string): Promise<void> {
    const { files = diskFiles } = this.#options;
    const making = [...this.#making].filter(([key]) => key.startsWith(`${run}/`));
    await Promise.allSettled(making.map(([, made]) => made));
    for (const journal of this.all()) if (journal.created.run === run) await this.#leave(journal);
    if (resultToken.safeParse(run).success) await removeWhole(files, this.#pathOf(run));
  }

  /** Closes all journals and lets another process have them. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#making.values());
    await Promise.allSettled(this.all().map((journal) => journal.close()));
    this.#journals.clear();
    await this.#release();
  }

  async #make(key: string, test: NewTest): Promise<Journal> {
    const present = this.#journals.get(key);
    if (present !== undefined) return present;
    for (const name of [test.run, test.test]) {
      if (!resultToken.safeParse(name).success) {
        throw new PosternError(
          'RECORD_INVALID',
          `${JSON.stringify(name)} is no name for a run or a test: write letters, digits, _ and -, at most 64`,
        );
      }
    }
    const options = this.#optionsOf(test.run, test.test);
    const { directory, files = diskFiles } = options;
    // all that could be opened is on the shelf
    if ((await listSegments(files, directory)).length > 0) {
      throw new PosternError('JOURNAL_UNREADABLE', `there is a journal in ${directory} that cannot be read`, {
        hint: 'what else is in it can be read with strings(1); move it away, or give the test another name',
      });
    }
    await this.#reserve(key);
    try {
      const journal = await Journal.create(test, options);
      this.#journals.set(key, journal);
      for (const listener of this.#listeners) listener(journal);
      return journal;
    } finally {
      this.#roomy.delete(key);
    }
  }

  /** Keeps a place for a journal that is made now; where there is none, others are removed that may be. Throws `TOO_MANY_TESTS`. */
  #reserve(key: string): Promise<void> {
    const { mostJournals = 1000, files = diskFiles } = this.#options;
    return this.#rooms.run(async () => {
      while (this.#journals.size + this.#roomy.size >= mostJournals) {
        const journal = await this.#spare(this.all());
        if (journal === undefined) {
          throw new PosternError(
            'TOO_MANY_TESTS',
            // whoever called hears nothing but the message
            `this agent keeps ${mostJournals} tests already, and none of them may be forgotten: it takes more when runs that are over are closed, or when tests of older controllers have ended and nobody asks for them`,
          );
        }
        await this.#leave(journal);
        await removeWhole(files, this.#pathOf(journal.created.run, journal.created.test));
      }
      this.#roomy.add(key);
    });
  }

  /** Nothing more is done with a journal; it is still on disk. */
  async #leave(journal: Journal): Promise<void> {
    const { run, test } = journal.created;
    this.#journals.delete(keyOf(run, test));
    for (const listener of this.#goneListeners) await listener(journal);
    await journal.close();
  }

  async #openOne(run: string, test: string): Promise<void> {
    const { files = diskFiles, log } = this.#options;
    const options = this.#optionsOf(run, test);
    if (await isBarelyBegun(options)) {
      log.warn({ run, test }, 'removed a journal without any whole record: its making was cut off');
      await files.remove(options.directory);
      return;
    }
    this.#journals.set(keyOf(run, test), await Journal.open(options));
  }

  #optionsOf(run: string, test: string): JournalOptions {
    return { ...this.#options, directory: this.#pathOf(run, test) };
  }

  #pathOf(...names: readonly string[]): string {
    return join(this.#options.directory, 'runs', ...names);
  }
}

/** A crash came before the first record was safe: nobody was promised anything. */
async function isBarelyBegun({ directory, files = diskFiles }: JournalOptions): Promise<boolean> {
  const segments = await listSegments(files, directory);
  const [first] = segments;
  if (first === undefined) return true;
  if (segments.length > 1) return false;
  const bytes = await readWhole(files, first.path);
  if (bytes.length > headerBytes + largestRecordBytes) return false;
  let whole = false;
  scanFrames(bytes, () => {
    whole = true;
    return false;
  });
  return !whole;
}

function tokens(names: readonly string[]): string[] {
  return names.filter((name) => resultToken.safeParse(name).success).sort();
}

function keyOf(run: string, test: string): string {
  return `${run}/${test}`;
}

function sameTest(one: NewTest, other: NewTest): boolean {
  const text = ({ run, test, node, settleMs, sendMs, spec }: NewTest) =>
    JSON.stringify([run, test, node, settleMs, sendMs, spec]);
  return text(one) === text(other);
}
