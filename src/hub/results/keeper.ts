import type { Bus, Chain, Stop } from '../../bus/bus.js';
import type { ResultAnswer, ResultBatch, Results } from '../../bus/result-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { flawOf } from './flaws.js';
import { NodeShares } from './shares.js';

/** The journals whose end in the stream is remembered; of others the stream is asked. */
const mostRemembered = 10_000;
/** Batches that are stored at once; who hands over more is told to come again. */
const mostAtOnce = 64;
/** Of these, one node may have so many. */
const mostAtOnceOfNode = 16;

/** The end of a journal in the stream. */
interface End {
  /** Place of its last message; 0: there is none. */
  readonly place: number;
  /** Number and check sum of its last record. */
  readonly last: number;
  readonly crc: number;
  /** Undefined: it has no message. */
  readonly test: string | undefined;
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
  readonly #shares: NodeShares;
  #storing = 0;
  readonly #storingOf = new Map<string, number>();

  constructor({ bus, log }: { bus: Bus; log: Logger }) {
    this.#bus = bus;
    this.#log = log;
    this.#chain = bus.chain(subjects.results);
    this.#shares = new NodeShares(() => this.#chain.fullness());
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
    const wrong = flawOf(node, batch);
    if (wrong !== undefined) return { ok: false, code: 'refused', message: wrong };
    const ofNode = this.#storingOf.get(node) ?? 0;
    if (this.#storing >= mostAtOnce || ofNode >= mostAtOnceOfNode)
      return { ok: false, code: 'retry', message: 'too many hand over at once' };
    this.#storing++;
    this.#storingOf.set(node, ofNode + 1);
    try {
      if (batch.records.length === 0 && (await this.#isClosed(run)))
        return { ok: true, last: 0, crc: 0, closed: true };
      if (batch.records.length > 0 && !(await this.#shares.allows(node))) {
        throw new PosternError(
          'STORE_FULL',
          `the room for results is scarce, and '${node}' has had its share of today`,
        );
      }
      const { last, crc } = await this.#store({ run, node, journal }, batch);
      return { ok: true, last, crc, closed: false };
    } catch (thrown) {
      this.#ends.delete(keyOf({ run, node, journal }));
      const code = thrown instanceof PosternError ? thrown.code : '';
      if (code === 'RESULTS_REFUSED') return { ok: false, code: 'refused', message: errorText(thrown) };
      const full = code === 'STORE_FULL';
      if (full) this.#log.error({ run, node }, errorText(thrown));
      return { ok: false, code: full ? 'full' : 'retry', message: errorText(thrown).slice(0, 512) };
    } finally {
      this.#storing--;
      const left = (this.#storingOf.get(node) ?? 1) - 1;
      if (left > 0) this.#storingOf.set(node, left);
      else this.#storingOf.delete(node);
    }
  }

  /** Stores the batch where it goes on from what is there; resolves to what is there then. */
  async #store(params: Record<ResultsParams, string>, batch: ResultBatch): Promise<End> {
    const { test, after, last, crc, records } = batch;
    const known = this.#ends.get(keyOf(params));
    const end = known?.last === after && records.length > 0 ? known : await this.#endOf(params);
    if (end.test !== undefined && end.test !== test) {
      throw new PosternError(
        'RESULTS_REFUSED',
        `the journal '${params.journal}' is of the test '${end.test}'`,
      );
    }
    if (records.length === 0 || end.last !== after) return end;
    try {
      const body = { v: 1, test, after, last, crc, records } as const;
      const place = await this.#chain.append(params, body, end.place);
      this.#shares.added(params.node, Buffer.byteLength(JSON.stringify(records)));
      return this.#remember(params, { place, last, crc, test });
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
    return this.#remember(params, { place, last: body?.last ?? 0, crc: body?.crc ?? 0, test: body?.test });
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

function keyOf({ run, node, journal }: Record<ResultsParams, string>): string {
  return `${run}.${node}.${journal}`;
}
