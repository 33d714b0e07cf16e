import type { Bus } from '../../bus/bus.js';
import { errorText, PosternError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { DaemonAdapter } from '../adapters/adapter.js';
import type { DaemonWatch } from '../adapters/daemon-watch.js';
import { Drains } from '../journal/drains.js';
import type { Journal, NewTest } from '../journal/journal.js';
import type { JournalShelf } from '../journal/shelf.js';
import { KeptGrpcAdapter } from './kept-adapter.js';
import type { RunBook } from './run-book.js';
import { TestRunner } from './runner.js';
import type { TestSpec } from './spec.js';

/** What the tests of a node need. */
export interface NodeTestsOptions {
  readonly shelf: JournalShelf;
  /** Told that a run is closed. */
  readonly book: Pick<RunBook, 'forget'>;
  readonly daemon: DaemonWatch;
  /** Where the daemon's gRPC listens now. */
  readonly target: () => string;
  readonly node: string;
  /** Public key of the agent. */
  readonly key: string;
  readonly log: Logger;
}

/** All tests of an agent: their journals, whoever does what they say, and the way of their records to a hub. */
export class NodeTests {
  readonly #options: NodeTestsOptions;
  readonly #drains: Drains;
  readonly #runners = new Map<Journal, TestRunner>();
  readonly #stops: (() => void)[];
  #hubIsUp = false;
  #daemonIsUp: boolean | undefined;

  constructor(options: NodeTestsOptions) {
    this.#options = options;
    const { shelf, book, node, key, log, daemon } = options;
    this.#drains = new Drains({ shelf, node, key, closing: (run) => book.forget(run), log });
    for (const journal of shelf.all()) this.#take(journal);
    this.#stops = [
      shelf.onNew((journal) => this.#take(journal)),
      shelf.onGone((journal) => this.#leave(journal)),
      daemon.onTransition((state) => this.#daemon(state)),
    ];
  }

  /** The link to a hub came, with this connection, or went. */
  hub(bus: Bus | undefined): void {
    this.#drains.use(bus);
    const up = bus !== undefined;
    if (up !== this.#hubIsUp) this.#tellAll({ k: 'hub', up });
    this.#hubIsUp = up;
  }

  /** Makes a test. Throws what `JournalShelf.create` throws. */
  create(test: NewTest): Promise<Journal> {
    return this.#options.shelf.create(test);
  }

  all(run: string): Journal[] {
    return this.#options.shelf.all().filter(({ created }) => run === '' || created.run === run);
  }

  /** Throws `TEST_UNKNOWN`. */
  find(run: string, test: string): Journal {
    const found = this.#options.shelf.get(run, test);
    if (found !== undefined) return found;
    throw new PosternError('TEST_UNKNOWN', `there is no test '${test}' of the run '${run}' here`);
  }

  /** How many records of a test are known to be in the stream of results. */
  drained(journal: Journal): number {
    return this.#drains.drained(journal);
  }

  /** Stops; the tests go on when an agent takes them up again. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
    await this.#drains.stop();
    await this.#options.shelf.close();
  }

  #take(journal: Journal): void {
    const { log, daemon, target } = this.#options;
    if (journal.snapshot().status !== 'active') return;
    let calls: KeptGrpcAdapter | undefined;
    const adapter = (spec: TestSpec, signal: AbortSignal): Promise<DaemonAdapter> => {
      if (spec.type !== 'call') return daemon.serving(signal);
      calls ??= new KeptGrpcAdapter(target(), spec);
      return calls.ready();
    };
    try {
      const runner = new TestRunner({ journal, adapter, ended: () => calls?.close(), log });
      this.#runners.set(journal, runner);
    } catch (thrown) {
      // A test of a later version, or one that was tampered with.
      const message = errorText(thrown);
      journal.fail('TEST_INVALID', message).catch(() => {});
      log.warn(
        { run: journal.created.run, test: journal.created.test, err: message },
        'a test cannot be done',
      );
    }
  }

  /** The run of a test is closed, and its journal about to be removed: whatever still goes on of it ends. */
  #leave(journal: Journal): void {
    const runner = this.#runners.get(journal);
    this.#runners.delete(journal);
    runner?.stop().catch((thrown: unknown) => {
      this.#options.log.warn({ err: errorText(thrown) }, 'a test of a closed run did not end well');
    });
  }

  /** The daemon was probed: that it came or went is told, not each probe. */
  #daemon(state: string): void {
    // that it is asked for the first time is no news of it
    if (state === 'probing' && this.#daemonIsUp === undefined) return;
    const up = state === 'serving';
    if (up !== this.#daemonIsUp) this.#tellAll({ k: 'daemon', up });
    this.#daemonIsUp = up;
  }

  #tellAll(entry: { readonly k: 'hub' | 'daemon'; readonly up: boolean }): void {
    for (const journal of this.#runners.keys()) {
      journal.tell(entry).catch((thrown: unknown) => {
        this.#options.log.warn({ err: errorText(thrown) }, 'a test was not told of its surroundings');
      });
    }
  }
}
