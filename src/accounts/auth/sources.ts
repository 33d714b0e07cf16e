import type { ProofEntry } from '../../bus/account-messages.js';
import type { Store } from '../../bus/bus.js';
import { compareAndSet } from '../../bus/compare-and-set.js';
import { PosternError } from '../../errors.js';
import { canonicalAddress, ownNetworkOf } from '../../wire/networks.js';
import type { AccountsConfig } from '../config.js';
import { addressKey } from './directory.js';

/** What was asked for counts for so long, milliseconds. */
export const hourMs = 3_600_000;
/** Wrong codes of one source within that time, at most. */
const mostWrong = 1_000;

type Pace = Extract<ProofEntry, { k: 'pace' }>;
type Wrong = NonNullable<Pace['wrong']>[number];
type Lately = Pace & { wrong: Wrong[] };

/**
 * Who asks for codes and tries them, by where they come from: an IPv4 address, or the /64 network of an IPv6 address, since
 * whoever has one of its addresses has all of them. Shared by all processes.
 */
export class Sources {
  readonly #store: Store<ProofEntry>;
  readonly #tries: number;
  readonly #perSource: number;
  readonly #now: () => number;

  constructor(
    store: Store<ProofEntry>,
    { tries, pace }: Pick<AccountsConfig, 'tries' | 'pace'>,
    now: () => number,
  ) {
    this.#store = store;
    this.#tries = tries;
    this.#perSource = pace.perSource;
    this.#now = now;
  }

  /** Counts a wish for a code. Throws `TOO_MANY`. */
  async wish(source: string): Promise<void> {
    await this.#decide(source, (entry, nowMs) => {
      if (entry.atMs.length >= this.#perSource) throw tooMany('codes were asked for', 'where you call from');
      return { write: { ...entry, atMs: [...entry.atMs, nowMs] }, result: undefined };
    });
  }

  /** The wish was granted: the tries of this source for the address begin anew. */
  async granted(source: string, email: string): Promise<void> {
    const of = addressKey(email);
    await this.#decide(source, (entry) => {
      const wrong = entry.wrong.filter((each) => each.of !== of);
      return wrong.length === entry.wrong.length
        ? { result: undefined }
        : { write: { ...entry, wrong }, result: undefined };
    });
  }

  /**
   * Counts a try before anybody looks whether it is right, so that many at once are not more than one after the other. Resolves
   * to false where this source has none left for the address. The same request counts once. Throws `TOO_MANY`.
   */
  async try(source: string, email: string, request: string): Promise<boolean> {
    const of = addressKey(email);
    return this.#decide(source, (entry, nowMs) => {
      const before = entry.wrong.find((each) => each.of === of);
      if (before?.request === request) return { result: true };
      if ((before?.tries ?? 0) >= this.#tries) return { result: false };
      const all = entry.wrong.reduce((sum, { tries }) => sum + tries, 0);
      if (all >= Math.min(mostWrong, this.#perSource * this.#tries)) {
        throw tooMany('wrong codes came', 'where you call from');
      }
      const counted: Wrong = { of, tries: (before?.tries ?? 0) + 1, atMs: nowMs, request };
      const others = entry.wrong.filter((each) => each !== before);
      return { write: { ...entry, wrong: [...others, counted] }, result: true };
    });
  }

  /** The try of a request was none: its code was right. */
  async untry(source: string, email: string, request: string): Promise<void> {
    const of = addressKey(email);
    await this.#decide(source, (entry) => {
      const found = entry.wrong.find((each) => each.of === of && each.request === request);
      if (found === undefined) return { result: undefined };
      const others = entry.wrong.filter((each) => each !== found);
      const left = found.tries > 1 ? [{ ...found, tries: found.tries - 1 }] : [];
      return { write: { ...entry, wrong: [...others, ...left] }, result: undefined };
    });
  }

  async #decide<R>(
    source: string,
    decide: (entry: Lately, nowMs: number) => { write?: Lately; result: R },
  ): Promise<R> {
    const nowMs = this.#now();
    const lately = (atMs: number) => atMs > nowMs - hourMs;
    const network = ownNetworkOf(canonicalAddress(source) ?? source);
    const { result } = await compareAndSet<ProofEntry, R>(
      this.#store,
      `from.${addressKey(network)}`,
      (entry) => {
        const kept = entry?.k === 'pace' ? entry : undefined;
        return decide(
          {
            k: 'pace',
            atMs: kept?.atMs.filter(lately) ?? [],
            wrong: kept?.wrong?.filter(({ atMs }) => lately(atMs)) ?? [],
          },
          nowMs,
        );
      },
    );
    return result;
  }
}

/** Too much of something within an hour, and whose it was counted as. */
export function tooMany(what: string, where: string): PosternError {
  return new PosternError('TOO_MANY', `too many ${what}, counted for ${where}: try again in an hour`);
}
