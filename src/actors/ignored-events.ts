/** What was ignored is told at once, then after a pause that doubles while nothing else is told, milliseconds. */
const [firstPauseMs, longestPauseMs] = [1_000, 64_000];
/** So many types are counted each for itself. */
const mostTypes = 32;

/**
 * Counts the events that the states of an actor did not take. They are told with its next transition, and by themselves so
 * seldom that they drive out nothing that matters.
 */
export class IgnoredEvents {
  readonly #tell: (type: string) => void;
  readonly #counts = new Map<string, number>();
  #pauseMs = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `tell` is given the type that was ignored last. */
  constructor(tell: (type: string) => void) {
    this.#tell = tell;
  }

  /** How often since the actor began, by type; undefined: nothing was ignored. */
  counts(): Record<string, number> | undefined {
    return this.#counts.size === 0 ? undefined : Object.fromEntries(this.#counts);
  }

  add(type: string): void {
    const counted = this.#counts.has(type) || this.#counts.size < mostTypes ? type : 'others';
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
    if (this.#timer !== undefined) return;
    const leftMs = this.#toldAtMs + this.#pauseMs - performance.now();
    if (leftMs <= 0) this.#tellNow(type);
    else this.#timer = setTimeout(() => this.#tellNow(type), leftMs).unref();
  }

  /** A transition was told, and the counts with it. */
  told(): void {
    this.stop();
    this.#pauseMs = Math.min(this.#pauseMs, firstPauseMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tellNow(type: string): void {
    this.stop();
    this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
    this.#toldAtMs = performance.now();
    this.#tell(type);
  }
}
