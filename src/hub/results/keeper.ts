import type { Bus, Chain, Stop } from '../../bus/bus.js';
import type { ResultAnswer, ResultBatch, Results } from '../../bus/result-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';

/** The journals whose end in the stream is remembered; of others the stream is asked. */
const mostRemembered = 10_000;
/** Batches that are stored at once; who hands over more is told to come again. */
const mostAtOnce = 64;

/** The end of a journal in the stream. */
interface End {
  /** Place of its last message; 0: there is none. */
  readonly place: number;
  /** Number and check sum of its last record. */
  readonly last: number;
  readonly crc: number;
}

type ResultsParams = 'run' | 'node' | 'journal';

/**
 * Takes batches of records from agents and stores each behind the one before it. The answer is how far the stream is,
 * whether this batch was stored, was there already or did not fit: who hands over goes on from there. What is stored is
 * never older than what the server says is last, so that two hubs, a hub that is killed or an answer that is lost change
 * nothing.
 */
export class ResultsKeeper {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #chain: Chain<ResultsParams, Results>;
  /** By run, node and journal; the ones that were used last are at the end. */
  readonly #ends = new Map<string, End>();
  readonly #closed = new Set<string>();
  #stop: Stop = () => {};
  #storing = 0;

  constructor({ bus, log }: { bus: Bus; log: Logger }) {
    this.#bus = bus;
    this.#log = log;
    this.#chain = bus.chain(subjects.results);
  }

  start(): void {
    this.#stop = this.#bus.respond(
      subjects.resultBatch,
      {},
      ({ params, body }) => this.#take(params.node, body),
      { queue: 'hubs' },
    );
  }

  stop(): void {
    this.#stop();
  }

  async #take(node: string, batch: ResultBatch): Promise<ResultAnswer> {
    const { run, journal } = batch;
    const wrong = flawOf(batch);
    if (wrong !== undefined) return { ok: false, code: 'refused', message: wrong };
    if (this.#storing >= mostAtOnce)
      return { ok: false, code: 'retry', message: 'too many hand over at once' };
    this.#storing++;
    try {
      if (batch.records.length === 0 && (await this.#isClosed(run)))
        return { ok: true, last: 0, crc: 0, closed: true };
      const { last, crc } = await this.#store({ run, node, journal }, batch);
      return { ok: true, last, crc, closed: false };
    } catch (thrown) {
      this.#ends.delete(keyOf({ run, node, journal }));
      const full = thrown instanceof PosternError && thrown.code === 'STORE_FULL';
      if (full) this.#log.error({ run, node }, errorText(thrown));
      return { ok: false, code: full ? 'full' : 'retry', message: errorText(thrown).slice(0, 512) };
    } finally {
      this.#storing--;
    }
  }

  /** Stores the batch where it goes on from what is there; resolves to what is there then. */
  async #store(params: Record<ResultsParams, string>, batch: ResultBatch): Promise<End> {
    const { test, after, last, crc, records } = batch;
    const known = this.#ends.get(keyOf(params));
    const end = known?.last === after && records.length > 0 ? known : await this.#endOf(params);
    if (records.length === 0 || end.last !== after) return end;
    try {
      const place = await this.#chain.append(params, { v: 1, test, after, last, crc, records }, end.place);
      return this.#remember(params, { place, last, crc });
    } catch (thrown) {
      // another hub has stored something meanwhile, or the stream is another one
      if (thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT') return this.#endOf(params);
      throw thrown;
    }
  }

  async #endOf(params: Record<ResultsParams, string>): Promise<End> {
    const { place, body } = await this.#chain.last(params);
    if (place > 0 && body === undefined) {
      throw new PosternError(
        'STORE_INVALID',
        'the last results that are stored are of another version of postern',
      );
    }
    return this.#remember(params, { place, last: body?.last ?? 0, crc: body?.crc ?? 0 });
  }

  #remember(params: Record<ResultsParams, string>, end: End): End {
    const key = keyOf(params);
    this.#ends.delete(key);
    this.#ends.set(key, end);
    if (this.#ends.size > mostRemembered) {
      for (const oldest of this.#ends.keys()) {
        this.#ends.delete(oldest);
        break;
      }
    }
    return end;
  }

  async #isClosed(run: string): Promise<boolean> {
    if (this.#closed.has(run)) return true;
    const { place } = await this.#bus.chain(subjects.resultsClosed).last({ run });
    if (place > 0 && this.#closed.size < mostRemembered) this.#closed.add(run);
    return place > 0;
  }
}

/** Marks a run as closed: agents drop its journals when they next ask. What the stream holds of it stays until it is too old. */
export async function closeRun(bus: Bus, run: string, by: string): Promise<void> {
  const closed = bus.chain(subjects.resultsClosed);
  if ((await closed.last({ run })).place > 0) return;
  try {
    await closed.append({ run }, { v: 1, atMs: Date.now(), by }, 0);
  } catch (thrown) {
    if (!(thrown instanceof PosternError && thrown.code === 'STORE_CONFLICT')) throw thrown;
  }
}

/** Why a batch fits nowhere: its records have to be numbered one after another. */
function flawOf({ after, last, records }: ResultBatch): string | undefined {
  let number = after;
  for (const { n, to, k } of records) {
    if (n !== number + 1) return `the record behind ${number} is not numbered so`;
    number = k === 'damaged' && typeof to === 'number' && Number.isSafeInteger(to) && to >= n ? to : n;
  }
  if (records.length > 0 && number !== last) return `the last record is ${number}, not ${last}`;
  return undefined;
}

function keyOf({ run, node, journal }: Record<ResultsParams, string>): string {
  return `${run}.${node}.${journal}`;
}
