import { Worker } from 'node:worker_threads';
import type { StoredResult } from '../../bus/read-results.js';
import { errorText, PosternError } from '../../errors.js';
import type { Judgement, RunFacts } from './judgement.js';
import type { Rules } from './rules.js';
import type { JudgeAnswer, JudgeOrder, JudgeWork } from './worker-messages.js';

/** Records that go to the worker at once: small enough that nobody else waits while they are copied. */
const batchSize = 200;
/** Batches that the worker may have before it. */
const mostAhead = 4;
/** The worker may take so much memory for its objects, in MiB; its tables come on top. */
const heapMiB = 512;

/**
 * Judges a run in a thread of its own, so that calls go on meanwhile; records are read only as fast as they are taken in.
 * Rejects with what `results` throws, with `JUDGING_FAILED` when the worker does not come to its end, and with
 * `JUDGING_ABORTED` when the signal is aborted. The worker is gone in every case.
 */
export async function judgeInWorker(
  facts: RunFacts,
  rules: Rules,
  results: AsyncIterable<StoredResult>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Judgement> {
  if (signal?.aborted) throw aborted();
  const order: JudgeOrder = { facts, rules };
  const worker = new Worker(new URL('./judge-worker.js', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const judge = new WorkingJudge(worker);
  const abort = (): void => judge.fail(aborted());
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([judge.judgement, feed(judge, results)]);
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

/** Hands all records over; resolves to the judgement. */
async function feed(judge: WorkingJudge, results: AsyncIterable<StoredResult>): Promise<Judgement> {
  let batch: StoredResult[] = [];
  for await (const result of results) {
    batch.push(result);
    if (batch.length < batchSize) continue;
    await judge.hand({ results: batch, isLast: false });
    batch = [];
  }
  await judge.hand({ results: batch, isLast: true });
  return judge.judgement;
}

/** A worker at its work. */
class WorkingJudge {
  /** Rejects with the worker's failure, or another that was told. */
  readonly judgement: Promise<Judgement>;
  readonly #worker: Worker;
  #ahead = 0;
  #isOver = false;
  #roomFor: (() => void) | undefined;
  #fail: (thrown: unknown) => void = () => {};

  constructor(worker: Worker) {
    this.#worker = worker;
    this.judgement = new Promise((resolve, reject) => {
      this.#fail = (thrown) => {
        this.#isOver = true;
        reject(thrown);
      };
      worker.on('message', (answer: JudgeAnswer) => {
        if ('judgement' in answer) resolve(answer.judgement);
        else this.#taken();
      });
      worker.on('messageerror', (thrown) => this.#fail(failed(thrown)));
      worker.on('error', (thrown) => this.#fail(failed(thrown)));
      worker.on('exit', (code) => this.#fail(failed(`it ended with ${code}`)));
    });
    // Whoever waits for it hears of it; it may fail before that.
    this.judgement.catch(() => {});
  }

  /** Hands a batch over when the worker has room for it. Rejects when it failed. */
  async hand(work: JudgeWork): Promise<void> {
    if (this.#isOver) await this.judgement;
    if (this.#ahead >= mostAhead) {
      const room = new Promise<void>((resolve) => {
        this.#roomFor = resolve;
      });
      await Promise.race([room, this.judgement]);
    }
    this.#ahead++;
    this.#worker.postMessage(work);
  }

  fail(thrown: PosternError): void {
    this.#fail(thrown);
  }

  #taken(): void {
    this.#ahead--;
    this.#roomFor?.();
    this.#roomFor = undefined;
  }
}

function aborted(): PosternError {
  return new PosternError('JUDGING_ABORTED', 'the judging of the run was ended before it was done');
}

function failed(thrown: unknown): PosternError {
  return new PosternError('JUDGING_FAILED', `the run could not be judged: ${errorText(thrown)}`, {
    hint: 'what the run has recorded stays: judge it again with postern check',
    cause: thrown,
  });
}
