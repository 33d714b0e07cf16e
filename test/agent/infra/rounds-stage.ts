import { join } from 'node:path';
import { BertyAdapter } from '../../../src/agent/adapters/berty/berty-adapter.js';
import { DaemonWatch } from '../../../src/agent/adapters/daemon-watch.js';
import { InfraBook, withoutRound } from '../../../src/agent/infra/book.js';
import { OldRounds } from '../../../src/agent/infra/old-rounds.js';
import { InfraReceiving } from '../../../src/agent/infra/receiving.js';
import { InfraTests } from '../../../src/agent/infra/tests.js';
import type { Journal } from '../../../src/agent/journal/journal.js';
import type { JournalShelf } from '../../../src/agent/journal/shelf.js';
import { NodeTests } from '../../../src/agent/tests/node-tests.js';
import { RunBook } from '../../../src/agent/tests/run-book.js';
import { testsWork } from '../../../src/agent/tests/tests-work.js';
import type { Logger } from '../../../src/log.js';
import { openShelf } from '../journal/stage.js';

/** Rounds of an agent whose daemon is away, on its disk. */
export interface RoundsStage {
  readonly tests: InfraTests;
  readonly receiving: InfraReceiving;
  readonly rounds: OldRounds;
  /** Names of the tests that a hub has stored whole; there is none. */
  readonly stored: Set<string>;
  readonly book: InfraBook;
  readonly shelf: JournalShelf;
  /** The names of the tests that there are, those made first first. */
  names(): string[];
  /** Ends a test at once. */
  end(name: string): Promise<Journal>;
  close(): Promise<void>;
}

/** `most`: tests that the agent keeps; `spared`: rounds that ended and stay in any case. */
export async function openRounds(
  directory: string,
  options: {
    readonly most: number;
    readonly spared: number;
    readonly now: () => number;
    readonly log: Logger;
  },
): Promise<RoundsStage> {
  const { most, spared, now, log } = options;
  const shelf = await openShelf(join(directory, 'tests'), { mostJournals: most, log });
  const runBook = await RunBook.open({ directory: join(directory, 'runbook'), inUse: () => false, log });
  const target = '127.0.0.1:1';
  const daemon = new DaemonWatch({
    ...{ id: 'n1', target, publish: () => {}, log },
    adapter: (place) => new BertyAdapter(place),
  });
  const nodeTests = new NodeTests({
    ...{ shelf, book: runBook, daemon, node: 'n1', key: 'K', log },
    target: () => target,
  });
  const stored = new Set<string>();
  const drained = (journal: Journal): number =>
    stored.has(journal.created.test) ? journal.safe : nodeTests.drained(journal);
  const rounds = new OldRounds({ drained, spared, now, log });
  shelf.onFull((journals) => rounds.spare(journals));
  const book = await InfraBook.open(join(directory, 'infra'), log);
  rounds.onForget((round) => book.change(round.group, (page) => withoutRound(page, round)));
  const work = testsWork({ tests: nodeTests, book: runBook, daemon, node: 'n1' });
  const age = ({ created }: Journal): number => created.at;
  return {
    tests: new InfraTests(work, book, rounds),
    receiving: new InfraReceiving(work, book),
    rounds,
    stored,
    book,
    shelf,
    names: () =>
      shelf
        .all()
        .sort((one, other) => age(one) - age(other))
        .map(({ created }) => created.test),
    async end(name) {
      const journal = shelf.all().find(({ created }) => created.test === name);
      if (journal === undefined) throw new Error(`there is no test ${name}`);
      await journal.fail('ENDED', 'a test ends it');
      return journal;
    },
    async close() {
      await nodeTests.stop();
      rounds.close();
      daemon.stop();
    },
  };
}
