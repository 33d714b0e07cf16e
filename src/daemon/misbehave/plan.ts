import { createHash } from 'node:crypto';
import { PosternError } from '../../errors.js';

/** What the daemon can do wrong on purpose. */
export const misdeeds = [
  'lose',
  'double',
  'reorder',
  'corrupt',
  'crash-before-write',
  'crash-torn-write',
  'crash-after-write',
] as const;
export type Misdeed = (typeof misdeeds)[number];

/** How often: one in so many, by lot, or exactly the one of this number. */
export interface Odds {
  readonly oneIn?: number;
  readonly exactly?: number;
}

export type Odd = Partial<Record<Misdeed, Odds>>;

/** Reads `lose=50,crash-after-write=@7`. Throws `MISBEHAVE_INVALID` (exit status 2). */
export function parseMisbehaviour(text: string): Odd {
  const odd: Odd = {};
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue;
    const [, name = '', at = '', number = ''] = /^([a-z-]+)=(@?)(\d{1,9})$/.exec(part) ?? [];
    const misdeed = misdeeds.find((each) => each === name);
    if (misdeed === undefined || Number(number) < 1) {
      throw new PosternError('MISBEHAVE_INVALID', `'${part}' is nothing that the daemon can do wrong`, {
        hint: `write WHAT=N for one in N, or WHAT=@N for the Nth only; WHAT is one of ${misdeeds.join(', ')}`,
        exitCode: 2,
      });
    }
    odd[misdeed] = at === '' ? { oneIn: Number(number) } : { exactly: Number(number) };
  }
  return odd;
}

/** Decides what goes wrong. The same seed decides the same of the same number, whatever else happens. */
export class Plan {
  readonly #odd: Odd;
  readonly #seed: string;

  constructor(odd: Odd, seed: string) {
    this.#odd = odd;
    this.#seed = seed;
  }

  /** Whether the `n`th of its kind, from 1, goes wrong so. */
  says(misdeed: Misdeed, n: number): boolean {
    const odds = this.#odd[misdeed];
    if (odds === undefined) return false;
    if (odds.oneIn === undefined) return n === odds.exactly;
    const lot = createHash('sha256').update(`${this.#seed} ${misdeed} ${n}`).digest().readUIntBE(0, 6);
    return lot % odds.oneIn === 0;
  }

  has(misdeed: Misdeed): boolean {
    return this.#odd[misdeed] !== undefined;
  }
}
