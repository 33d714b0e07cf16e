import type { Test, TestSpec } from '../../gen/postern/v1/tests.js';
import type { TestsWork } from '../tests/tests-work.js';
import type { InfraBook } from './book.js';
import { receivingKey as key, latestRound, roundName, runOf } from './names.js';
import { Turns } from './turns.js';

/** When nothing more is to be received, all that is there is read once more, within this time, milliseconds. */
const settleMs = 2_000;

/** Receives everything in groups, from when it is asked until it is asked to end. */
export class InfraReceiving {
  readonly #work: TestsWork;
  readonly #book: InfraBook;
  readonly #turns = new Turns();

  constructor(work: TestsWork, book: InfraBook) {
    this.#work = work;
    this.#book = book;
  }

  /** Begins; where it has begun already it goes on. Resolves when nothing that comes from now on is missed. Throws as `TestsWork` does. */
  start(group: string, signal: AbortSignal): Promise<void> {
    return this.#turns.run(group, async () => {
      const run = runOf(group);
      const round = await this.#roundFor(group, signal);
      await this.#book.change(group, (page) => {
        if (page.receiving === round) return page;
        const { receivingForgotten: _, ...others } = page;
        return { ...others, receiving: round };
      });
      const name = { run, test: roundName(key, round), command: undefined };
      await this.#work.createTest({ ...name, spec: specOf(group), settleMs }, signal);
      await this.#work.startTest(name, signal);
    });
  }

  /** Ends; where it has ended already, or never begun, nothing happens. */
  stop(group: string, signal: AbortSignal): Promise<void> {
    return this.#turns.run(group, async () => {
      const { receiving } = this.#book.page(group);
      if (receiving === 0) return;
      const found = await this.#found(group, receiving, signal);
      if (found === undefined) return;
      const { run, test } = found;
      const reason = 'StopReceiveMessage was called';
      await this.#work.stopTest({ run, test, reason, command: undefined }, signal);
    });
  }

  async #roundFor(group: string, signal: AbortSignal): Promise<number> {
    const { receiving, receivingForgotten = false } = this.#book.page(group);
    const found = receiving === 0 ? undefined : await this.#found(group, receiving, signal);
    const goesOn =
      found === undefined
        ? receiving > 0 && !receivingForgotten
        : ['created', 'armed', 'running'].includes(found.state);
    if (goesOn) return receiving;
    const { tests } = await this.#work.listTests({ run: runOf(group) }, signal);
    const names = tests.map(({ test }) => test);
    return Math.max(receiving, latestRound(names, key)) + 1;
  }

  async #found(group: string, round: number, signal: AbortSignal): Promise<Test | undefined> {
    const { tests } = await this.#work.listTests({ run: runOf(group) }, signal);
    return tests.find(({ test }) => test === roundName(key, round));
  }
}

function specOf(group: string): TestSpec {
  const nothing = { size: 0, intervalMs: 1_000, amount: 0, method: '', requestJson: '' };
  return { type: 'text', group, ...nothing, everyMessage: true };
}
