import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Journal } from '../journal/journal.js';
import { type Round, roundOf, runOf } from './names.js';

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
 * room for another test. Never one that goes on, one of the latest, or one that somebody has just asked for.
 */
export class OldRounds {
  readonly #options: Required<OldRoundsOptions>;
  /** When somebody asked for a test last, by run and test. */
  readonly #asked = new Map<string, number>();
  #forgetting: Forgetting | undefined;

  constructor(options: OldRoundsOptions) {
    this.#options = { spared: mostSpared, now: Date.now, ...options };
  }

  /** Whoever counts rounds hears of each one before it is forgotten; without, none is. */
  onForget(forgetting: Forgetting): void {
    this.#forgetting = forgetting;
  }

  /** Somebody asks what became of a test. */
  asked({ run, test }: { readonly run: string; readonly test: string }): void {
    this.#asked.set(`${run}/${test}`, this.#options.now());
  }

  /** The round that is forgotten now, of all tests that there are; undefined: there is none. Never rejects. */
  async spare(journals: readonly Journal[]): Promise<Journal | undefined> {
    const { spared, log } = this.#options;
    this.#letGo();
    const ended = journals
      .flatMap((journal) => endedRound(journal) ?? [])
      .sort((one, other) => one.journal.created.at - other.journal.created.at);
    const old = ended.slice(0, Math.max(0, ended.length - spared));
    const found = old.find(({ journal: { created } }) => !this.#asked.has(`${created.run}/${created.test}`));
    if (found === undefined || this.#forgetting === undefined) return undefined;
    const { journal, round } = found;
    const { run, test } = journal.created;
    try {
      await this.#forgetting(round);
    } catch (thrown) {
      log.warn({ run, test, err: errorText(thrown) }, 'a round is not forgotten: its number would be lost');
      return undefined;
    }
    const { safe: records } = journal;
    const stored = Math.min(records, this.#options.drained(journal));
    log[stored < records ? 'warn' : 'info'](
      { run, test, ended: journal.state, records, stored },
      'a round of an older controller is forgotten, to make room',
    );
    return journal;
  }

  /** Of what was asked for long ago nothing is known. */
  #letGo(): void {
    const since = this.#options.now() - askedForMs;
    for (const [key, atMs] of this.#asked) if (atMs <= since) this.#asked.delete(key);
  }
}

/** Undefined for tests that go on, and for those that others have made. */
function endedRound(journal: Journal): { journal: Journal; round: Round } | undefined {
  const { run, test, spec } = journal.created;
  if (journal.snapshot().status === 'active' || typeof spec.group !== 'string') return undefined;
  const round = run === runOf(spec.group) ? roundOf(spec.group, test) : undefined;
  return round && { journal, round };
}
