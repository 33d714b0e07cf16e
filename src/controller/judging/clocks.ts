import type { ClockReading } from './judgement.js';

/** What was told of one clock: the offset is at least `least`, and at most `most`. */
interface Bounds {
  readonly last: ClockReading;
  readonly least: number;
  readonly most: number;
}

/** The clocks of the nodes: what the controller measured, and what their journals say beside it. */
export class Clocks {
  readonly #measured: Readonly<Record<string, ClockReading>>;
  readonly #heard = new Map<string, Bounds>();

  constructor(measured: Readonly<Record<string, ClockReading>>) {
    this.#measured = measured;
  }

  /** A journal tells of a measurement. */
  hear(node: string, reading: ClockReading): void {
    const { offsetMs, errorMs } = reading;
    const before = this.#heard.get(node);
    this.#heard.set(node, {
      last: reading,
      least: Math.max(before?.least ?? Number.NEGATIVE_INFINITY, offsetMs - errorMs),
      most: Math.min(before?.most ?? Number.POSITIVE_INFINITY, offsetMs + errorMs),
    });
  }

  /**
   * The offset of a node's clock and how wrong it may be: also as far as measurements at other times contradict it. Undefined:
   * nobody measured it.
   */
  reading(node: string): ClockReading | undefined {
    const heard = this.#heard.get(node);
    const measured = Object.hasOwn(this.#measured, node) ? this.#measured[node] : heard?.last;
    if (measured === undefined || heard === undefined) return measured;
    const { offsetMs, errorMs } = measured;
    return { offsetMs, errorMs: Math.max(errorMs, heard.least - offsetMs, offsetMs - heard.most) };
  }

  /** What is to be added to times of a node to have those of the controller, milliseconds. */
  offset(node: string): number {
    return this.reading(node)?.offsetMs ?? 0;
  }
}
