/** Lines are counted over so long, in milliseconds. */
const windowMs = 10_000;
/** As many lines of one text about one node (peer, listener) are written in that time. */
const mostOfOne = 30;
/** As many lines of one text. */
const mostOfText = 1_000;
/** As many lines at all. */
const mostAtAll = 3_000;

/** What was left out in the time that has passed. */
export interface LeftOut {
  readonly lines: number;
  /** The text of the lines of which the most were left out, and whom they were about where that was one. */
  readonly mostly: string;
  readonly about: string;
}

interface Count {
  readonly key: string;
  readonly text: string;
  readonly about: string;
  lines: number;
  leftOut: number;
}

/** Keeps a log from being flooded: what others do to us, agents and callers, shall fill no disk. */
export class LineLimit {
  readonly #now: () => number;
  #windowEnds = Number.NEGATIVE_INFINITY;
  #written = 0;
  #leftOut = 0;
  /** By text, and by text and whom it is about; no more than lines were written. */
  readonly #counts = new Map<string, Count>();

  /** `now` counts milliseconds up; default `performance.now`. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What has to be told of an earlier time before anything else is written; undefined: nothing. */
  told(): LeftOut | undefined {
    const now = this.#now();
    if (now < this.#windowEnds) return undefined;
    this.#windowEnds = now + windowMs;
    let worst: Pick<Count, 'text' | 'about' | 'leftOut'> = { text: '', about: '', leftOut: 0 };
    for (const count of this.#counts.values()) if (count.leftOut > worst.leftOut) worst = count;
    const lines = this.#leftOut;
    this.#written = 0;
    this.#leftOut = 0;
    this.#counts.clear();
    return lines === 0 ? undefined : { lines, mostly: worst.text, about: worst.about };
  }

  /** Whether a line may be written now. `about`: the node, peer or listener that it is about, or ''. */
  allows(text: string, about: string): boolean {
    const ofText = this.#count(text, '', 'text');
    const one = this.#count(text, about, 'one');
    const over = ofText.lines >= mostOfText ? ofText : one.lines >= mostOfOne ? one : undefined;
    if (over !== undefined || this.#written >= mostAtAll) {
      if (over !== undefined) over.leftOut += 1;
      this.#leftOut += 1;
      return false;
    }
    for (const count of [ofText, one]) {
      count.lines += 1;
      this.#counts.set(count.key, count);
    }
    this.#written += 1;
    return true;
  }

  /** What is counted so far; kept only when a line is written. */
  #count(text: string, about: string, what: 'text' | 'one'): Count {
    const key = `${what} ${about} ${text}`;
    return this.#counts.get(key) ?? { key, text, about, lines: 0, leftOut: 0 };
  }
}
