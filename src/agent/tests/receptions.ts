import type { TestSnapshot } from '../../../machines/test.js';
import { errorText } from '../../errors.js';
import { joinAborts } from '../../joined-abort.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter, GroupRef, Receipt, Receiving } from '../adapters/adapter.js';
import type { Journal } from '../journal/journal.js';
import { type Before, beforeIn, isBefore } from './before.js';
import { wallClock } from './clock.js';
import { messageIdOf, payloadHash } from './payload.js';

/** The last reading begins so long before the test ends, or in the middle of a shorter settle time, milliseconds. */
const finalReadMs = 10_000;
/** A reading that was cut off is tried again after so long, milliseconds. */
const readAgainMs = 500;

/** What receptions need. */
export interface ReceptionsOptions {
  readonly journal: Journal;
  readonly group: GroupRef;
  /** It receives what is of other tests too, but nothing that was there before it. */
  readonly all?: boolean;
  /** The adapter, when the daemon serves; rejects when nobody waits for it any more. */
  readonly adapter: () => Promise<DaemonAdapter>;
  readonly log: Logger;
}

/** Records what comes from the daemon in a test, and reads everything once more in the end. */
export class Receptions {
  readonly #options: ReceptionsOptions;
  readonly #over = new AbortController();
  readonly #done: Promise<void>;
  #final: Promise<void> | undefined;
  /** When the last reading begins; a test that is stopped while it drains brings it forward. */
  #readAtMs = Number.POSITIVE_INFINITY;
  #sooner = new AbortController();
  #subscription = 0;
  #isLive = false;
  /** Messages of this subscription that were known before. */
  #replayed = 0;
  /** What was there before a test that receives all. */
  #before: Before = new Map();

  constructor(options: ReceptionsOptions) {
    this.#options = options;
    this.#done = this.#receive().catch((thrown: unknown) => this.#warn(thrown, 'a test receives nothing'));
  }

  /** The test drains: everything is read once more before it ends. */
  draining({ context }: TestSnapshot): void {
    const { settleMs, sendsEndedAtMs = Date.now() } = context;
    const atMs = sendsEndedAtMs + settleMs - Math.min(finalReadMs, settleMs / 2);
    if (atMs < this.#readAtMs) {
      this.#readAtMs = atMs;
      this.#sooner.abort();
    }
    this.#final ??= this.#readAll().catch((thrown: unknown) => this.#warn(thrown, 'the last reading failed'));
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await Promise.all([this.#done, this.#final]);
  }

  async #receive(): Promise<void> {
    const { journal, group, adapter, all = false } = this.#options;
    const known = await knownEvents(journal);
    if (all) this.#before = await beforeIn(journal);
    const found = await adapter();
    if (this.#over.signal.aborted) return;
    this.#subscription = 1;
    const receiving: Receiving = found.receive(
      group,
      {
        receipt: (receipt) => this.#came(receipt),
        live: () => {
          this.#isLive = true;
          void this.#note('subscription live');
        },
        broken: (reason) => {
          void this.#note('subscription broken', reason);
          this.#isLive = false;
          this.#subscription += 1;
          this.#replayed = 0;
        },
      },
      known,
    );
    await new Promise<void>((resolve) => {
      if (this.#over.signal.aborted) resolve();
      this.#over.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await receiving.stop();
  }

  #came(receipt: Receipt): Promise<void> | void {
    if (receipt.kind !== 'message' || isBefore(this.#before, receipt)) return;
    // What was recorded before is counted: with each new subscription all of it comes again.
    if (receipt.how === 'replayed') this.#replayed += 1;
    else return this.#record(receipt, this.#isLive || receipt.how === 'duplicated' ? 'live' : 'replay');
  }

  #record({ event, body }: Receipt, how: 'live' | 'replay' | 'final'): Promise<void> {
    const { journal, all = false } = this.#options;
    const { run, test } = journal.created;
    const id = messageIdOf(body);
    const isOurs = id?.run === run && (all || id.test === test);
    if (id !== undefined && !isOurs && !all) return Promise.resolve();
    const whose = id !== undefined && isOurs ? { test: id.test, from: id.from, seq: id.seq } : {};
    const found = { hash: payloadHash(body), size: body.length };
    return journal.tell({ k: 'receipt', id: event, how, sub: this.#subscription, ...whose, ...found });
  }

  /** Reads until it has read all. Where it has not when the test ends, the journal says so. */
  async #readAll(): Promise<void> {
    const { journal } = this.#options;
    const { signal } = this.#over;
    const recorded = new Set<string>();
    while (!signal.aborted && Date.now() < this.#readAtMs) {
      this.#sooner = new AbortController();
      const soon = joinAborts([signal, this.#sooner.signal]);
      await wallClock.until(this.#readAtMs, soon.signal);
      soon.release();
    }
    if (!signal.aborted) await this.#note('final reading');
    while (!signal.aborted) {
      try {
        const messages = await this.#readOnce(recorded);
        if (!signal.aborted) {
          await journal.tell({ k: 'final', sub: this.#subscription, complete: true, messages });
        }
        return;
      } catch (thrown) {
        this.#warn(thrown, 'a last reading was cut off');
        await wallClock.until(Date.now() + readAgainMs, signal);
      }
    }
  }

  /** Reads all that is there, and records what no reading before it did; how many messages it is. */
  async #readOnce(recorded: Set<string>): Promise<number> {
    const { group, adapter } = this.#options;
    const before = new Set(recorded);
    let messages = 0;
    for await (const receipt of (await adapter()).read(group, this.#over.signal)) {
      if (receipt.kind !== 'message' || isBefore(this.#before, receipt)) continue;
      messages += 1;
      if (before.has(receipt.event)) continue;
      recorded.add(receipt.event);
      await this.#record(receipt, 'final');
    }
    return messages;
  }

  #note(
    topic: 'subscription live' | 'subscription broken' | 'final reading',
    reason?: string,
  ): Promise<void> {
    const data = {
      sub: this.#subscription,
      replayed: this.#replayed,
      ...(reason === undefined ? {} : { reason }),
    };
    return this.#options.journal.tell({ k: 'note', topic, data }).catch((thrown: unknown) => {
      this.#warn(thrown, 'a note was not recorded');
    });
  }

  #warn(thrown: unknown, what: string): void {
    if (this.#over.signal.aborted) return;
    const { run, test } = this.#options.journal.created;
    this.#options.log.warn({ run, test, err: errorText(thrown) }, what);
  }
}

/** The events that were recorded before this process. */
async function knownEvents(journal: Journal): Promise<string[]> {
  const known: string[] = [];
  for await (const record of journal.records()) if (record.k === 'receipt') known.push(record.id);
  return known;
}
