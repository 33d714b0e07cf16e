import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Journal } from '../journal/journal.js';
import { ForgottenRounds } from './forgotten-rounds.js';
import { isRunOfGroup, type Round, roundOf, runOf } from './names.js';

/** So many rounds that ended stay in any case, the latest ones. */
const mostSpared = 50;
/** Who asked for a round is given so long to ask again, milliseconds. */
const askedForMs = 5 * 60_000;

/** Notes that a round is about to be forgotten, so that its number is not taken again. */
type Forgetting = (round: Round) => Promise<void>;

/** What old rounds are told apart by. */
export interface OldRoundsOptions {
  /** How many records of a test are known to be in the stream of results. */
  readonly drained: (journal: Journal) => number;
  /** In the place of those above. */
  readonly spared?: number;
  readonly now?: () => number;
  readonly log: Logger;
}

/**
 * The rounds of older controllers that ended: nobody closes their runs, so the oldest are forgotten when the agent has no
 * room for another test, those first that a hub has stored. Never one that goes on, one of the latest, or one that somebody
 * has just asked for.
 */
export class OldRounds {
  readonly #options: Required<OldRoundsOptions>;
  readonly #forgotten: ForgottenRounds;
  /** When somebody asked for a round last, by run and test; the one asked for last is the last. */
  readonly #asked = new Map<string, number>();
  #forgetting: Forgetting | undefined;

  constructor(options: OldRoundsOptions) {
    this.#options = { spared: mostSpared, now: Date.now, ...options };
    this.#forgotten = new ForgottenRounds(options.log);
  }

  /** Whoever counts rounds hears of each one before it is forgotten; without, none is. */
  onForget(forgetting: Forgetting): void {
    this.#forgetting = forgetting;
  }

  /** Somebody asks what became of a test, of whatever run. */
  asked({ run, test }: { readonly run: string; readonly test: string }): void {
    if (!isRunOfGroup(run)) return;
    this.#letGo();
    const key = `${run}/${test}`;
    this.#asked.delete(key);
    this.#asked.set(key, this.#options.now());
  }

  /** For how many tests it is known that somebody asked. */
  get remembered(): number {
    return this.#asked.size;
  }

  /** Tells the log what is not told yet. */
  close(): void {
    this.#forgotten.close();
  }

  /** The round that is forgotten now, of all tests that there are; undefined: there is none. Never rejects. */
  async spare(journals: readonly Journal[]): Promise<Journal | undefined> {
    const { spared, log } = this.#options;
    this.#letGo();
    const ended = journals
      .flatMap((journal) => endedRound(journal) ?? [])
      .sort((one, other) => one.journal.created.at - other.journal.created.at);
    const old = ended.slice(0, Math.max(0, ended.length - spared));
    const unasked = old.filter(
      ({
        journal: {
          created: { run, test },
        },
      }) => !this.#asked.has(`${run}/${test}`),
    );
    const found = unasked.find(({ journal }) => this.#stored(journal) === journal.safe) ?? unasked[0];
    if (found === undefined || this.#forgetting === undefined) return undefined;
    const { journal, round } = found;
    const { run, test } = journal.created;
    try {
      await this.#forgetting(round);
    } catch (thrown) {
      log.warn({ run, test, err: errorText(thrown) }, 'a round is not forgotten: its number would be lost');
      return undefined;
    }
    const { state, safe } = journal;
    this.#forgotten.tell({ run, test, ended: state, records: safe, stored: this.#stored(journal) });
    return journal;
  }

  /** How many records of a test a hub has stored. */
  #stored(journal: Journal): number {
    return Math.min(journal.safe, this.#options.drained(journal));
  }

  /** Of what was asked for long ago nothing is known. */
  #letGo(): void {
    const since = this.#options.now() - askedForMs;
    for (const [key, atMs] of this.#asked) {
      if (atMs > since) return;
      this.#asked.delete(key);
    }
  }
}

/** Undefined for tests that go on, and for those that others have made. */
function endedRound(journal: Journal): { journal: Journal; round: Round } | undefined {
  const { run, test, spec } = journal.created;
  if (journal.snapshot().status === 'active' || typeof spec.group !== 'string') return undefined;
  const round = run === runOf(spec.group) ? roundOf(spec.group, test) : undefined;
  return round && { journal, round };
}
