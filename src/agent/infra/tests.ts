import { PosternError } from '../../errors.js';
import type { Test, TestSpec } from '../../gen/postern/v1/tests.js';
import type { TestsWork } from '../tests/tests-work.js';
import { amountFor, isSameAsked, specOf } from './asked.js';
import type { Asked, InfraBook, TestEntry } from './book.js';
import { latestRound, roundName, runOf } from './names.js';
import type { OldRounds } from './old-rounds.js';
import { Turns } from './turns.js';

/** What others sent is waited for this long after the last message of a test, milliseconds. */
const settleMs = 30_000;

/** Which test of which group; `key` as `testKeyOf` gives it. */
export interface TestRef {
  readonly group: string;
  readonly key: string;
}

/** The tests that controllers of before make, each in rounds: one that has ended is made again as its next round. */
export class InfraTests {
  readonly #work: TestsWork;
  readonly #book: InfraBook;
  readonly #rounds: Pick<OldRounds, 'asked'>;
  readonly #turns = new Turns();

  constructor(work: TestsWork, book: InfraBook, rounds: Pick<OldRounds, 'asked'>) {
    this.#work = work;
    this.#book = book;
    this.#rounds = rounds;
  }

  /**
   * Makes a test; the same once more changes nothing, and another one in its place is its next round. Throws
   * `TEST_IN_PROGRESS` for one that runs, and as `TestsWork` does.
   */
  create(ref: TestRef, asked: Asked, signal: AbortSignal): Promise<void> {
    return this.#inTurn(ref, async () => {
      const present = this.#entry(ref);
      const found = await this.#found(ref, present, signal);
      if (isUnderWay(found)) {
        throw new PosternError(
          'TEST_IN_PROGRESS',
          'test already in progress: it can be made anew when it has ended',
          {
            hint: 'call StopTest first, or use another number',
          },
        );
      }
      const isAsIs =
        present !== undefined &&
        (found === undefined ? present.forgotten !== true : found.state === 'created') &&
        isSameAsked(asked, present.asked);
      if (present !== undefined && found?.state === 'created' && !isAsIs) {
        await this.#stop(ref, present, 'it was made anew before it started', signal);
      }
      const round = await this.#roundFor(ref, present, found, isAsIs, signal);
      const entry = { round, asked };
      await this.#write(ref, entry);
      if (asked.amount === undefined) return;
      try {
        await this.#make(ref, entry, asked.amount, signal);
      } catch (thrown) {
        // it is as if nobody had asked; the round before may have been forgotten meanwhile
        const isGone = found !== undefined && (await this.#found(ref, present, signal)) === undefined;
        await this.#write(ref, isGone && present !== undefined ? { ...present, forgotten: true } : present);
        throw thrown;
      }
    });
  }

  /**
   * Starts a test, one that runs goes on, and one that has just sent all is as good: the answer to the first call may have been
   * lost. `seconds`: how long where its amount was not said. Throws `TEST_UNKNOWN`, `TEST_ENDED` for others that send nothing any
   * more, and as `TestsWork` does.
   */
  start(ref: TestRef, seconds: number, signal: AbortSignal): Promise<void> {
    return this.#inTurn(ref, async () => {
      const entry = this.#known(ref);
      const found = await this.#found(ref, entry, signal);
      if (hasSentAll(found)) return;
      if (entry.forgotten || hasEnded(found)) throw ended(entry, found);
      if (found === undefined) {
        await this.#make(ref, entry, entry.asked.amount ?? amountFor(entry.asked, seconds), signal);
      }
      await this.#work.startTest({ ...nameOf(ref, entry.round), command: undefined }, signal);
    });
  }

  /** Ends a test; one that has not started will not. Throws `TEST_UNKNOWN`. */
  stop(ref: TestRef, signal: AbortSignal): Promise<void> {
    return this.#inTurn(ref, async () => {
      const entry = this.#known(ref);
      if ((await this.#found(ref, entry, signal)) === undefined) return;
      await this.#stop(ref, entry, 'StopTest was called', signal);
    });
  }

  /** Whether a test sends, or is about to. Throws `TEST_UNKNOWN`. */
  async isRunning(ref: TestRef, signal: AbortSignal): Promise<boolean> {
    const entry = this.#known(ref);
    this.#rounds.asked(nameOf(ref, entry.round));
    return isUnderWay(await this.#found(ref, entry, signal));
  }

  /** Whether any test of a group does. */
  async isBusy(group: string, signal: AbortSignal): Promise<boolean> {
    for (const [key, entry] of Object.entries(this.#book.page(group).tests)) {
      if (isUnderWay(await this.#found({ group, key }, entry, signal))) return true;
    }
    return false;
  }

  async #roundFor(
    { group, key }: TestRef,
    present: TestEntry | undefined,
    found: Test | undefined,
    isAsIs: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const isNotMade = found === undefined && present?.forgotten !== true;
    if (present !== undefined && (isAsIs || isNotMade)) return present.round;
    // what is on disk counts, too: the book may have been lost
    const { tests } = await this.#work.listTests({ run: runOf(group) }, signal);
    const names = tests.map(({ test }) => test);
    const before = present?.round ?? this.#book.page(group).floor ?? 0;
    return Math.max(before, latestRound(names, key)) + 1;
  }

  #make(ref: TestRef, { round, asked }: TestEntry, amount: number, signal: AbortSignal): Promise<unknown> {
    const spec: TestSpec = specOf(asked, ref.group, amount);
    return this.#work.createTest({ ...nameOf(ref, round), spec, settleMs, command: undefined }, signal);
  }

  async #stop(ref: TestRef, { round }: TestEntry, reason: string, signal: AbortSignal): Promise<void> {
    await this.#work.stopTest({ ...nameOf(ref, round), reason, command: undefined }, signal);
  }

  async #found(ref: TestRef, entry: TestEntry | undefined, signal: AbortSignal): Promise<Test | undefined> {
    if (entry === undefined) return undefined;
    const { run, test } = nameOf(ref, entry.round);
    const { tests } = await this.#work.listTests({ run }, signal);
    return tests.find((one) => one.test === test);
  }

  #entry({ group, key }: TestRef): TestEntry | undefined {
    return this.#book.page(group).tests[key];
  }

  #known(ref: TestRef): TestEntry {
    const entry = this.#entry(ref);
    if (entry !== undefined) return entry;
    throw new PosternError('TEST_UNKNOWN', 'test does not exist: the group has no such test here', {
      hint: 'call NewTest first',
    });
  }

  #write({ group, key }: TestRef, entry: TestEntry | undefined): Promise<void> {
    return this.#book.change(group, (page) => {
      const { [key]: _, ...others } = page.tests;
      return { ...page, tests: entry === undefined ? others : { ...others, [key]: entry } };
    });
  }

  #inTurn<T>({ group, key }: TestRef, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(`${group}/${key}`, work);
  }
}

function nameOf({ group, key }: TestRef, round: number): { run: string; test: string } {
  return { run: runOf(group), test: roundName(key, round) };
}

function isUnderWay(test: Test | undefined): boolean {
  return test?.state === 'armed' || test?.state === 'running';
}

/** Whether a test has ended its sending by itself, not longer ago than it settles. */
function hasSentAll(test: Test | undefined): boolean {
  return test?.state === 'draining' && test.reason === '';
}

/** Whether a test will send nothing more. */
function hasEnded(test: Test | undefined): boolean {
  return test !== undefined && !['created', 'armed', 'running'].includes(test.state);
}

function ended({ round }: TestEntry, found: Test | undefined): PosternError {
  const now = found === undefined ? 'forgotten' : found.state;
  return new PosternError(
    'TEST_ENDED',
    `test has ended: its round ${round} is ${now}, and nothing would be sent; call NewTest first, which makes its next round`,
  );
}
