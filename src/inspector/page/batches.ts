/** So many messages wait for a frame at most; then whoever brings them waits. */
const mostWaiting = 5_000;
/** A hidden page has no frames; then so often, in milliseconds. */
const hiddenMs = 1_000;

/** Gathers messages, and hands them on once per frame. */
export class Batches<M> {
  readonly #take: (messages: readonly M[]) => void;
  #waiting: M[] = [];
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #room: (() => void) | undefined;

  constructor(take: (messages: readonly M[]) => void) {
    this.#take = take;
  }

  /** Resolves when the next one may come. */
  async add(message: M): Promise<void> {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) this.#plan();
    if (this.#waiting.length < mostWaiting) return;
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
  }

  /** Hands on now what waits. */
  flush(): void {
    this.#unplan();
    const messages = this.#waiting;
    this.#waiting = [];
    this.#room?.();
    this.#room = undefined;
    if (messages.length > 0) this.#take(messages);
  }

  /** Forgets what waits. */
  stop(): void {
    this.#unplan();
    this.#waiting = [];
    this.#room?.();
  }

  #plan(): void {
    // Either may be the first: a page may be hidden before its frame comes.
    this.#frame = requestAnimationFrame(() => this.flush());
    this.#timer = setTimeout(() => this.flush(), hiddenMs);
  }

  #unplan(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }
}
