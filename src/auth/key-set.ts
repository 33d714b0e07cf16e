import {
  type CompactJWSHeaderParameters,
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
} from 'jose';
import { z } from 'zod';
import { errorText } from '../errors.js';
import type { Logger } from '../log.js';
import { refusedToken } from './jwt-parts.js';

/** How old keys may get before they are asked for again, in milliseconds. */
const refreshMs = 300_000;
/** Keys that could not be asked for again are good for so long after they were got, in milliseconds. */
export const staleMs = 3_600_000;
/** Keys are asked for at most once in this time, in milliseconds, whatever tokens come. */
export const coolDownMs = 10_000;

const jwk = z.custom<JWK>((value) => z.looseObject({ kty: z.string() }).safeParse(value).success);
const jwks: z.ZodType<JSONWebKeySet> = z.object({ keys: z.array(jwk).max(100) });

/** Where a set of public keys comes from. Rejects when it can not be had. */
export type LoadKeys = () => Promise<string>;

/** Public keys of an issuer: asked for when they are needed, kept while they cannot be had, for a time. */
export class KeySet {
  readonly #load: LoadKeys;
  readonly #log: Logger;
  readonly #now: () => number;
  #find: ReturnType<typeof createLocalJWKSet> | undefined;
  #text = '';
  #generation = 0;
  #loadedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(options: { load: LoadKeys; log: Logger; now: () => number }) {
    this.#load = options.load;
    this.#log = options.log;
    this.#now = options.now;
  }

  /** Counts how often the keys have changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether what was verified with the keys of this generation is still to be believed. */
  trusts(generation: number): boolean {
    this.#keepFresh();
    return generation === this.#generation && this.#isGood();
  }

  /** The key that has signed a token, by its header. Throws `UNAUTHENTICATED`. */
  async keyFor(header: CompactJWSHeaderParameters): Promise<CryptoKey> {
    if (this.#isGood()) this.#keepFresh();
    else await this.#refresh();
    const known = await this.#lookUp(header);
    if (known !== undefined) return known;
    // The issuer may have a new key. Who invents ids of keys does not make the hub ask each time.
    await this.#refresh();
    const found = await this.#lookUp(header);
    if (found === undefined) throw refusedToken('the token was not signed with a key of its issuer: see kid');
    return found;
  }

  /** Asks for the keys, unless that was done a moment ago; never rejects. */
  async refresh(): Promise<void> {
    await this.#refresh();
  }

  #isGood(): boolean {
    return this.#now() - this.#loadedAtMs <= staleMs;
  }

  #keepFresh(): void {
    if (this.#now() - this.#loadedAtMs > refreshMs) void this.#refresh();
  }

  async #lookUp(header: CompactJWSHeaderParameters): Promise<CryptoKey | undefined> {
    if (this.#find === undefined || !this.#isGood()) {
      throw refusedToken('the token can not be checked: the keys of its issuer can not be had now');
    }
    try {
      return await this.#find(header);
    } catch (thrown) {
      if (thrown instanceof errors.JWKSMultipleMatchingKeys) {
        throw refusedToken('the token does not say which key of its issuer has signed it: see kid');
      }
      // Not there, or nothing that this alg can be checked with.
      return undefined;
    }
  }

  #refresh(): Promise<void> {
    if (this.#loading === undefined) {
      if (this.#now() - this.#triedAtMs < coolDownMs) return Promise.resolve();
      this.#triedAtMs = this.#now();
      this.#loading = this.#replace().finally(() => {
        this.#loading = undefined;
      });
    }
    return this.#loading;
  }

  /** Never rejects. */
  async #replace(): Promise<void> {
    try {
      const text = await this.#load();
      if (text !== this.#text || this.#find === undefined) {
        this.#find = createLocalJWKSet({ keys: publicKeys(text) });
        this.#text = text;
        this.#generation++;
      }
      this.#loadedAtMs = this.#now();
    } catch (thrown) {
      this.#log.warn({ err: errorText(thrown) }, 'the keys of an issuer of tokens could not be had');
    }
  }
}

/** Keys that can check a signature: shared secrets have no place in a public set, and jose takes no private keys. */
function publicKeys(text: string): JWK[] {
  const { keys } = jwks.parse(JSON.parse(text));
  return keys.filter(({ kty = '' }) => ['OKP', 'EC', 'RSA'].includes(kty));
}
