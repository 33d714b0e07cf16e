import type { Layers, Trouble } from './judgement.js';

/** All troubles, the worst first. */
export const troubleRanks: readonly Trouble[] = [
  'lost',
  'vanished',
  'corrupt',
  'unexpected',
  'duplicated',
  'unknown',
  'late',
  'reordered',
  'recovered',
];

/** What was found out about one message at one receiver. Used again for the next one. */
export class Finding {
  /** The receiver is owed it. */
  isOwed = false;
  /** It came with the right content, whether or not it was owed. */
  hasCome = false;
  /** It surely was not there in the end: all was read, and it never came with the right content. */
  isAbsent = false;
  /** When it came and when it was acknowledged, by the controller's clock; NaN: it did not, it was not. */
  cameAt = Number.NaN;
  ackAt = Number.NaN;
  /** From its acknowledgement to its coming, milliseconds; NaN: it was not measured. */
  latency = Number.NaN;
  isExcused = false;
  /** It came in readings of everything only. */
  wasReadOnly = false;
  /** How far it came; `layOut` says so. */
  layer: keyof Layers = 'arrived';
  replays = 0;
  displacement = 0;
  readonly #troubles = new Set<Trouble>();

  reset(): void {
    this.isOwed = false;
    this.hasCome = false;
    this.isAbsent = false;
    this.cameAt = Number.NaN;
    this.ackAt = Number.NaN;
    this.latency = Number.NaN;
    this.isExcused = false;
    this.wasReadOnly = false;
    this.layer = 'arrived';
    this.replays = 0;
    this.displacement = 0;
    if (this.#troubles.size > 0) this.#troubles.clear();
  }

  add(trouble: Trouble): void {
    this.#troubles.add(trouble);
  }

  has(trouble: Trouble): boolean {
    return this.#troubles.has(trouble);
  }

  get troubles(): ReadonlySet<Trouble> {
    return this.#troubles;
  }
}
