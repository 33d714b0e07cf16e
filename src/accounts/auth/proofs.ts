import type { ProofCodes, ProofEntry } from '../../bus/account-messages.js';
import type { Bus, Stop, Store } from '../../bus/bus.js';
import { compareAndSet, type Decision } from '../../bus/compare-and-set.js';
import { stores } from '../../bus/subjects.js';
import { PosternError } from '../../errors.js';
import type { AccountsConfig } from '../config.js';
import type { PersonalData } from '../personal-data.js';
import { type Codes, hashOf, isHashOf, readCode } from './codes.js';
import { addressKey } from './directory.js';
import { newSession } from './sessions.js';
import { hourMs, Sources, tooMany } from './sources.js';
import { sweepEvery } from './sweep.js';

/** Codes of one address that may be good at the same time: whoever asks for one does not make another's worthless. */
const mostCodes = 16;
/**
 * So many wrong codes, whoever sends them, and all that an address has are worthless. A code has 128 bits: of these tries none will be
 * right, and no few sources can use them up, since each has a few for itself (`tries`).
 */
const mostTries = 10_000;
/** Who has a mail in hand has so long before others look after it, milliseconds. */
const inHandMs = 30_000;
/** The one answer to whoever has no good code, whatever is wrong with it. */
const wrong = 'the code is wrong, was used, or has expired: ask for a new one';

type Code = ProofCodes['codes'][number];

/** A code to be mailed. */
export interface DueMail {
  readonly email: string;
  readonly request: string;
  readonly code: string;
  readonly expiresAtMs: number;
}

/** What addresses are to be proven, in their bucket. */
export class Proofs implements PersonalData {
  readonly name = 'codes';
  readonly #store: Store<ProofEntry>;
  readonly #codes: Codes;
  readonly #sources: Sources;
  readonly #config: Pick<AccountsConfig, 'codeSeconds' | 'tries' | 'pace' | 'mail'>;
  readonly #now: () => number;
  readonly #stopSweeping: Stop;

  private constructor(store: Store<ProofEntry>, options: ProofOptions) {
    this.#store = store;
    this.#codes = options.codes;
    this.#sources = new Sources(store, options.config, options.now);
    this.#config = options.config;
    this.#now = options.now;
    this.#stopSweeping = sweepEvery(store, (entry) => {
      const dates =
        entry.k === 'pace'
          ? [...entry.atMs, ...(entry.wrong ?? []).map((each) => each.atMs)]
          : [...entry.askedMs, ...entry.codes.map((each) => each.expiresAtMs)];
      return Math.max(0, ...dates) + hourMs < options.now();
    });
  }

  /** Throws `STORE_UNAVAILABLE`. */
  static async open(bus: Bus, options: ProofOptions): Promise<Proofs> {
    return new Proofs(await bus.store(stores.accountProofs), options);
  }

  get store(): Store<ProofEntry> {
    return this.#store;
  }

  /** Begins to prove an address; the same request is given the same code. Throws `TOO_MANY`. */
  async begin(email: string, request: string, source: string): Promise<DueMail> {
    await this.#sources.wish(source);
    const { codeSeconds, pace, mail } = this.#config;
    const nowMs = this.#now();
    const code = this.#codes.codeFor(email, request);
    const made: Code = {
      request,
      codeHash: hashOf(code),
      expiresAtMs: nowMs + codeSeconds * 1000,
      proven: mail.by !== 'user',
      ...(mail.by === 'us' ? { mailAtMs: nowMs + inHandMs } : {}),
    };
    await this.#decide(email, (entry) => {
      if (entry?.codes.some((each) => each.request === request)) return { result: undefined };
      const askedMs = entry?.askedMs.filter((atMs) => atMs > nowMs - hourMs) ?? [];
      if (askedMs.length >= pace.perAddress) throw tooMany('codes were asked for', 'this address');
      const good = entry === undefined || entry.triesLeft === 0 ? [] : goodOf(entry.codes, nowMs);
      const codes = [...good.slice(1 - mostCodes), made];
      return {
        write: { k: 'codes', email, askedMs: [...askedMs, nowMs], triesLeft: mostTries, codes },
        result: undefined,
      };
    });
    await this.#sources.granted(source, email);
    return { email, request, code, expiresAtMs: made.expiresAtMs };
  }

  /**
   * Takes a code that has come back, once; resolves to the session that it begins. The same request is told the same. Throws
   * `CODE_WRONG`, also where its source has no tries left, `TOO_MANY`, and `NOT_PROVEN` while the mail with it has not come.
   */
  async confirm(
    email: string,
    text: string,
    { request, source }: { readonly request: string; readonly source: string },
  ): Promise<string> {
    if (!(await this.#sources.try(source, email, request))) throw new PosternError('CODE_WRONG', wrong);
    const nowMs = this.#now();
    const said = readCode(text);
    const session = newSession();
    type Outcome = { session: string } | 'wrong' | 'waiting';
    const outcome = await this.#decide<Outcome>(email, (entry) => {
      // All are compared, whether or not one fits.
      const [found] = (entry?.codes ?? []).filter((each) => isHashOf(each.codeHash, said));
      if (entry === undefined || entry.triesLeft === 0) return { result: 'wrong' };
      if (found?.confirmed !== undefined) {
        return {
          result: found.confirmed.request === request ? { session: found.confirmed.session } : 'wrong',
        };
      }
      if (found === undefined || found.expiresAtMs <= nowMs) {
        return { write: { ...entry, triesLeft: entry.triesLeft - 1 }, result: 'wrong' };
      }
      if (!found.proven) return { result: 'waiting' };
      const confirmed: Code = { ...found, confirmed: { request, session } };
      return { write: { ...entry, codes: replaced(entry.codes, confirmed) }, result: { session } };
    });
    if (outcome === 'wrong') throw new PosternError('CODE_WRONG', wrong);
    // The code is taken, whether or not this is noted.
    await this.#sources.untry(source, email, request).catch(() => {});
    if (outcome === 'waiting') {
      throw new PosternError('NOT_PROVEN', 'the mail with the code has not come yet: send it, and ask again');
    }
    return outcome.session;
  }

  /** Whether this request's code is kept as taken, still: what is kept of an address goes when somebody erases it. */
  async isConfirmed(email: string, session: string): Promise<boolean> {
    const entry = (await this.#store.get(`of.${addressKey(email)}`))?.value;
    return entry?.k === 'codes' && entry.codes.some(({ confirmed }) => confirmed?.session === session);
  }

  /** A mail with this code has come from the address, proven to be from there. Resolves to whether it was waited for. */
  async arrived(email: string, text: string): Promise<boolean> {
    const nowMs = this.#now();
    const said = readCode(text);
    return this.#decide(email, (entry) => {
      const [found] = goodOf(entry?.codes ?? [], nowMs).filter((each) => isHashOf(each.codeHash, said));
      if (entry === undefined || found === undefined) return { result: false };
      return { write: { ...entry, codes: replaced(entry.codes, { ...found, proven: true }) }, result: true };
    });
  }

  /** Takes the mails of an address in hand that nobody has in hand. */
  async takeDue(email: string): Promise<DueMail[]> {
    const nowMs = this.#now();
    return this.#decide<DueMail[]>(email, (entry) => {
      const due = goodOf(entry?.codes ?? [], nowMs).filter(({ mailAtMs }) => (mailAtMs ?? Infinity) <= nowMs);
      if (entry === undefined || due.length === 0) return { result: [] };
      const codes = entry.codes.map((each) =>
        due.includes(each) ? { ...each, mailAtMs: nowMs + inHandMs } : each,
      );
      const result = due.map(({ request, expiresAtMs }) => {
        return { email, request, expiresAtMs, code: this.#codes.codeFor(email, request) };
      });
      return { write: { ...entry, codes }, result };
    });
  }

  /** The code was mailed. */
  async mailed({ email, request }: DueMail): Promise<void> {
    await this.#decide(email, (entry) => {
      const found = entry?.codes.find((each) => each.request === request && each.mailAtMs !== undefined);
      if (entry === undefined || found === undefined) return { result: undefined };
      const { mailAtMs: _, ...rest } = found;
      return { write: { ...entry, codes: replaced(entry.codes, rest) }, result: undefined };
    });
  }

  async exportOf(email: string): Promise<unknown> {
    const entry = (await this.#store.get(`of.${addressKey(email)}`))?.value;
    if (entry?.k !== 'codes') return undefined;
    const codes = entry.codes.map(({ expiresAtMs, proven, confirmed }) => {
      return { expiresAtMs, proven, used: confirmed !== undefined };
    });
    return { email, askedMs: entry.askedMs, codes };
  }

  async eraseOf(email: string): Promise<void> {
    await this.#store.erase(`of.${addressKey(email)}`);
  }

  stop(): void {
    this.#stopSweeping();
  }

  async #decide<R>(
    email: string,
    decide: (entry: ProofCodes | undefined) => Decision<ProofEntry, R>,
  ): Promise<R> {
    const { result } = await compareAndSet(this.#store, `of.${addressKey(email)}`, (entry) =>
      decide(entry?.k === 'codes' ? entry : undefined),
    );
    return result;
  }
}

interface ProofOptions {
  readonly codes: Codes;
  readonly config: Pick<AccountsConfig, 'codeSeconds' | 'tries' | 'pace' | 'mail'>;
  readonly now: () => number;
}

function goodOf(codes: readonly Code[], nowMs: number): Code[] {
  return codes.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
}

function replaced(codes: readonly Code[], by: Code): Code[] {
  return codes.map((each) => (each.request === by.request ? by : each));
}
