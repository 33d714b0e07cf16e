import { setTimeout as sleep } from 'node:timers/promises';
import { largestBatchBytes, mostBatchRecords, type ResultAnswer } from '../../bus/result-messages.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Journal } from './journal.js';
import type { JournalReader, ReadBatch } from './reader.js';
import { parseRecord } from './recover.js';

/** What is handed over to a hub; `texts` are records as JSON. */
export interface HandedOver {
  readonly after: number;
  readonly last: number;
  readonly crc: number;
  readonly texts: readonly string[];
}

/** Hands a batch over to a hub. Rejects when none answers in time. */
export type HandOver = (journal: Journal['created'], batch: HandedOver) => Promise<ResultAnswer>;

/** What a drain needs. */
export interface DrainOptions {
  readonly journal: Journal;
  readonly handOver: HandOver;
  /** The run is closed: the journal is not needed any more. */
  readonly closed: () => void;
  readonly log: Logger;
}

/** The waits after failures: the first, doubled up to the last. */
const [firstRetryMs, lastRetryMs] = [200, 10_000];
/** What the stream has no room for is tried again so soon. */
const fullRetryMs = 15_000;
/** A hub is asked this often whether the run of a journal that was handed over is closed, or the stream has lost it. */
const lookMs = 60_000;
/** Records gather for so long after all was handed over, so that a slow test does not make a message of each. */
const gatherMs = 250;

/**
 * Hands over one journal, batch after batch, one at a time. What the stream holds is what the hub says: after anything that
 * went wrong the next answer tells where to go on, so that each record is there once. Only what is safe on disk is handed
 * over, and nothing is forgotten by it: the journal stays until the run is closed.
 */
export class JournalDrain {
  readonly #options: DrainOptions;
  readonly #reader: JournalReader;
  readonly #ended = new AbortController();
  #wake = new AbortController();
  #stopSafe: () => void = () => {};
  /** All was handed over: more wakes it. */
  #resting = false;
  /** Number of the last record that the stream is known to hold; undefined: it has to be asked. */
  #drained: number | undefined;
  /** The stream holds other results than the journal, which was told. */
  #forked = false;
  /** What was read last. */
  #batch: ReadBatch = nothing;
  #running: Promise<void> | undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#reader = options.journal.reader();
  }

  /** Number of the last record that the stream is known to hold. */
  get drained(): number {
    return this.#drained ?? 0;
  }

  start(): void {
    this.#stopSafe = this.#options.journal.onSafe(() => {
      if (this.#resting) this.#wake.abort();
    });
    this.#running ??= this.#run();
  }

  /** The bus is there again: looks now. */
  nudge(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopSafe();
    this.#ended.abort();
    this.#wake.abort();
    await this.#running;
    await this.#reader.close();
  }

  async #run(): Promise<void> {
    const { journal, log } = this.#options;
    const { run, test } = journal.created;
    const { signal } = this.#ended;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        const waitMs = await this.#step();
        retryMs = firstRetryMs;
        if (waitMs > 0) await this.#pause(waitMs);
        else if (this.drained >= journal.safe) await this.#rest();
      } catch (thrown) {
        if (signal.aborted) return;
        this.#drained = undefined;
        if (thrown instanceof PosternError && thrown.code === 'JOURNAL_FORKED') {
          if (!this.#forked) log.error({ run, test }, thrown.message);
          this.#forked = true;
          // it is still to be removed when its run is closed
          await this.#pause(lookMs);
          continue;
        }
        log.debug({ run, test, err: errorText(thrown) }, 'results wait: no hub takes them now');
        await this.#pause(retryMs);
        retryMs = Math.min(lastRetryMs, retryMs * 2);
      }
    }
  }

  /** One batch, or one question; resolves to how long to wait before the next. Rejects when it has to be tried again. */
  async #step(): Promise<number> {
    const { journal, handOver, log } = this.#options;
    const { run, test } = journal.created;
    const after = this.#drained;
    const { texts, last, crc } = after === undefined ? nothing : await this.#read(after);
    const answering = handOver(journal.created, { texts, last, crc, after: after ?? 0 });
    const answer = await untilAborted(answering, this.#ended.signal);
    if (answer === undefined) return 0;
    if (answer.ok) {
      await this.#answered(answer);
      return 0;
    }
    // a hub that is busy is asked ever less often, as one that does not answer
    if (answer.code === 'retry') throw new PosternError('NO_ANSWER', answer.message);
    log.warn({ run, test, code: answer.code }, `results wait: ${answer.message}`);
    this.#drained = undefined;
    return fullRetryMs;
  }

  async #answered({ last, crc, closed }: Extract<ResultAnswer, { ok: true }>): Promise<void> {
    if (closed) {
      this.#ended.abort();
      this.#options.closed();
      return;
    }
    if (last !== this.#drained) await this.#check(last, crc);
    this.#drained = last;
  }

  /** Whether the stream holds what the journal does, so far. Throws `JOURNAL_FORKED`. */
  async #check(last: number, crc: number): Promise<void> {
    const { journal } = this.#options;
    if (last === 0 || (last === this.#batch.last && crc === this.#batch.crc)) return;
    if (last <= journal.safe) {
      await this.#reader.seek(last);
      this.#batch = await this.#reader.read({ bytes: 1, records: 1, upTo: last });
      const [text = ''] = this.#batch.texts;
      if (this.#batch.crc === crc || parseRecord(text)?.k === 'damaged') return;
    }
    const { run, test } = journal.created;
    throw new PosternError(
      'JOURNAL_FORKED',
      `the stream holds other results of test '${test}' of run '${run}' than this journal: nothing more is handed over`,
    );
  }

  async #read(after: number): Promise<ReadBatch> {
    const { journal } = this.#options;
    if (after >= journal.safe) return { texts: [], last: after, crc: 0 };
    if (this.#batch.last !== after) await this.#reader.seek(after + 1);
    this.#batch = await this.#reader.read({
      bytes: largestBatchBytes,
      records: mostBatchRecords,
      upTo: journal.safe,
    });
    return this.#batch;
  }

  /** Waits for more, or to look again. */
  async #rest(): Promise<void> {
    const { journal } = this.#options;
    await this.#pause(gatherMs);
    if (this.drained < journal.safe) return;
    this.#resting = true;
    await this.#pause(lookMs);
    this.#resting = false;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#wake.signal, ref: false }).catch(() => {});
  }
}

const nothing: ReadBatch = { texts: [], last: 0, crc: 0 };

/** The outcome of `work`, or undefined as soon as nobody waits for it any more. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = () => resolve(undefined);
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
