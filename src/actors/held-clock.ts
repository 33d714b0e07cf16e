import type { ActorClock } from './clock.js';

/** A timer that is set for longer fires at once, milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A clock whose timers do not run before `release`: while a machine is rebuilt from what has happened long ago. They may be
 * set for years.
 */
export class HeldClock implements ActorClock {
  readonly #clock: ActorClock;
  /** Undefined once it was released. */
  #held: Set<HeldTimer> | undefined = new Set();

  constructor(clock: ActorClock) {
    this.#clock = clock;
  }

  /** Whether its timers run. */
  get isReleased(): boolean {
    return this.#held === undefined;
  }

  setTimeout(fn: (...args: unknown[]) => void, timeoutMs: number): unknown {
    const timer = new HeldTimer(fn, timeoutMs);
    if (this.#held === undefined) timer.begin(this.#clock);
    else this.#held.add(timer);
    return timer;
  }

  clearTimeout(id: unknown): void {
    if (!(id instanceof HeldTimer)) return;
    this.#held?.delete(id);
    id.end(this.#clock);
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const timer of held) timer.begin(this.#clock);
  }
}

class HeldTimer {
  readonly #fn: (...args: unknown[]) => void;
  readonly #timeoutMs: number;
  readonly #sinceMs = performance.now();
  #id: unknown;

  constructor(fn: (...args: unknown[]) => void, timeoutMs: number) {
    this.#fn = fn;
    this.#timeoutMs = timeoutMs;
  }

  begin(clock: ActorClock): void {
    const elapsedMs = performance.now() - this.#sinceMs;
    this.#wait(clock, Math.max(0, this.#timeoutMs - elapsedMs));
  }

  #wait(clock: ActorClock, leftMs: number): void {
    const laterMs = leftMs - longestTimerMs;
    this.#id =
      laterMs > 0
        ? clock.setTimeout(() => this.#wait(clock, laterMs), longestTimerMs)
        : clock.setTimeout(this.#fn, leftMs);
  }

  end(clock: ActorClock): void {
    if (this.#id !== undefined) clock.clearTimeout(this.#id);
  }
}
