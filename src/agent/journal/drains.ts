import type { Bus, Stop } from '../../bus/bus.js';
import { type ResultAnswer, resultBatch } from '../../bus/result-messages.js';
import { subjects } from '../../bus/subjects.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { type HandedOver, JournalDrain } from './drain.js';
import type { Journal } from './journal.js';
import type { JournalShelf } from './shelf.js';

/** The longest that a hub may take to store a batch, milliseconds. */
const answerTimeoutMs = 10_000;

/** Who hands over. */
export interface DrainsOptions {
  readonly shelf: JournalShelf;
  readonly node: string;
  /** The agent's public key, which its subjects name. */
  readonly key: string;
  /** Before the journals of a closed run are removed. */
  readonly closing?: (run: string) => Promise<void>;
  readonly log: Logger;
}

/** Hands over all journals of an agent, whenever there is a way to a hub, and removes those of closed runs. */
export class Drains {
  readonly #options: DrainsOptions;
  readonly #drains = new Map<Journal, JournalDrain>();
  readonly #stopHearing: Stop[];
  #bus: Bus | undefined;
  #unhear: Stop = () => {};

  constructor(options: DrainsOptions) {
    this.#options = options;
    const { shelf } = options;
    this.#stopHearing = [
      shelf.onNew((journal) => this.#begin(journal)),
      shelf.onGone((journal) => this.#end(journal)),
    ];
    for (const journal of shelf.all()) this.#begin(journal);
  }

  /** Uses this connection from now on; undefined: there is none. */
  use(bus: Bus | undefined): void {
    this.#unhear();
    this.#bus = bus;
    this.#unhear = bus?.onStatus(({ type }) => type === 'reconnected' && this.#nudge()) ?? (() => {});
    if (bus !== undefined) this.#nudge();
  }

  /** How many records of a journal the stream is known to hold. */
  drained(journal: Journal): number {
    return this.#drains.get(journal)?.drained ?? 0;
  }

  /** The run is closed: its journals are removed. */
  async closeRun(run: string): Promise<void> {
    for (const journal of [...this.#drains.keys()]) if (journal.created.run === run) await this.#end(journal);
    await this.#options.closing?.(run);
    await this.#options.shelf.closeRun(run);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stopHearing) stop();
    this.#unhear();
    this.#bus = undefined;
    await Promise.all([...this.#drains.values()].map((drain) => drain.stop()));
    this.#drains.clear();
  }

  #begin(journal: Journal): void {
    const { log } = this.#options;
    const { run } = journal.created;
    const drain = new JournalDrain({
      journal,
      handOver: (created, batch) => this.#handOver(created, batch),
      closed: () => {
        log.info({ run }, 'the run is closed: its journals are removed');
        // not in the drain's own turn, which this waits for
        queueMicrotask(() => {
          this.closeRun(run).catch((thrown: unknown) => {
            log.warn({ run, err: errorText(thrown) }, 'the journals of a closed run are still there');
          });
        });
      },
      log,
    });
    this.#drains.set(journal, drain);
    drain.start();
  }

  async #end(journal: Journal): Promise<void> {
    const drain = this.#drains.get(journal);
    this.#drains.delete(journal);
    await drain?.stop();
  }

  #nudge(): void {
    for (const drain of this.#drains.values()) drain.nudge();
  }

  async #handOver(created: Journal['created'], { texts, ...batch }: HandedOver): Promise<ResultAnswer> {
    const { node, key } = this.#options;
    if (this.#bus === undefined) throw new PosternError('NO_ANSWER', 'there is no bus now');
    const { run, test, journal } = created;
    const { records } = resultBatch
      .pick({ records: true })
      .parse({ records: texts.map((text) => JSON.parse(text)) });
    return this.#bus.request(
      subjects.resultBatch,
      { node, key },
      { v: 1, run, test, journal, ...batch, records },
      { timeoutMs: answerTimeoutMs },
    );
  }
}
