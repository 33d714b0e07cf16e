import { type Finding, troubleRanks } from './finding.js';
import type { Trouble } from './judgement.js';
import type { LaidTest } from './layout.js';
import type { Stray } from './strays.js';
import type { TroubleCounts } from './tally.js';

/** A message that something is wrong with. */
export type Troubled = { readonly test: LaidTest; readonly message: number } | { readonly stray: Stray };

/** Collects the messages that something is wrong with: all are counted, and the worst are kept. */
export class TroubledMessages {
  readonly #most: number;
  readonly #byRank: readonly Troubled[][] = troubleRanks.map(() => []);
  readonly #counts: TroubleCounts = {};

  /** At most so many are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a message in, which may be all right. */
  add(test: LaidTest, message: number, findings: readonly Finding[]): void {
    let worst: number | undefined;
    for (const [rank, trouble] of troubleRanks.entries()) {
      if (!findings.some((finding) => finding.has(trouble))) continue;
      worst ??= rank;
      this.#count(trouble);
    }
    if (worst !== undefined) this.#keep(worst, { test, message });
  }

  addStray(stray: Stray): void {
    this.#count('unexpected');
    this.#keep(troubleRanks.indexOf('unexpected'), { stray });
  }

  /** How many messages there are with each trouble. */
  get counts(): TroubleCounts {
    return this.#counts;
  }

  /** The worst first. */
  worst(): readonly Troubled[] {
    return this.#byRank.flat().slice(0, this.#most);
  }

  #count(trouble: Trouble): void {
    this.#counts[trouble] = (this.#counts[trouble] ?? 0) + 1;
  }

  #keep(rank: number, one: Troubled): void {
    const kept = this.#byRank[rank];
    if (kept !== undefined && kept.length < this.#most) kept.push(one);
  }
}
