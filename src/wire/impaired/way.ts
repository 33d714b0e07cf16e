import type { FaultDirection } from '../../fault-kinds.js';
import type { Disturbance } from './disturbance.js';
import { type Effect, effectOf } from './effect.js';

/** What is due later is looked at again after so long, milliseconds: timers of Node.js hold no more than 25 days. */
export const longestWaitMs = 60_000;

/** What has gone one way. */
export interface Counts {
  /** Datagrams that were led on, copies too; of TCP 0. */
  packets: number;
  bytes: number;
  dropped: number;
  duplicated: number;
  reordered: number;
  /** Datagrams, or segments of streams, that a disturbance has made wait. */
  held: number;
}

export type OneWay = Exclude<FaultDirection, 'both'>;

/** One direction of a way: what disturbs it now. */
export class Way {
  readonly name: string;
  readonly direction: OneWay;
  readonly counts: Counts;
  /** Another list each time that something changes. */
  effects: readonly Effect[] = [];
  /** Nothing goes on now. */
  isStill = false;
  /** What waits in it, bytes. */
  #heldBytes = 0;
  /** What it costs beside, bytes. */
  #heldCost = 0;
  readonly #trunk: Way | undefined;
  #unfollow: () => void = () => {};
  readonly #told = new Set<() => void>();
  #own: readonly { readonly disturbance: Disturbance; readonly effect: Effect }[] = [];

  /**
   * @param name tells it from others, for lots: `tcp 127.0.0.1:4100`.
   * @param trunk what disturbs that disturbs this one too, and what goes here is counted there.
   */
  constructor(name: string, direction: OneWay, trunk?: Way) {
    this.name = name;
    this.direction = direction;
    this.#trunk = trunk;
    const none = { packets: 0, bytes: 0, dropped: 0, duplicated: 0, reordered: 0, held: 0 };
    this.counts = trunk?.counts ?? none;
    this.#changed();
  }

  /** A part of it, for what is to be disturbed alone. Ends with `leave`. */
  branch(name: string): Way {
    const branch = new Way(`${this.name} ${name}`, this.direction, this);
    branch.#unfollow = this.onChange(() => branch.#changed());
    return branch;
  }

  /** It is needed no more. */
  leave(): void {
    this.#unfollow();
  }

  get isClear(): boolean {
    return this.effects.length === 0;
  }

  /** What is sent at once is to be sent in segments. */
  get isSegmented(): boolean {
    return this.effects.some(({ kind }) => kind === 'rate' || kind === 'loss');
  }

  /** What waits in it and beside it, bytes. */
  get heldBytes(): number {
    return this.#trunk?.heldBytes ?? this.#heldBytes;
  }

  /** The same, with what it costs to keep it. */
  get heldRoom(): number {
    return this.#trunk?.heldRoom ?? this.#heldBytes + this.#heldCost;
  }

  /** So many bytes more, or less, wait, and cost so much beside. */
  hold(bytes: number, cost = 0): void {
    this.#heldBytes += bytes;
    this.#heldCost += cost;
    this.#trunk?.hold(bytes, cost);
  }

  /** Disturbs it from now on, until what is given back was called; nothing where that does not act in this direction. */
  disturb(disturbance: Disturbance): () => void {
    if (disturbance.direction !== 'both' && disturbance.direction !== this.direction) return () => {};
    const own = { disturbance, effect: effectOf(disturbance, `${this.name} ${this.direction}`) };
    this.#own = [...this.#own, own];
    this.#changed();
    return () => {
      if (!this.#own.includes(own)) return;
      this.#own = this.#own.filter((other) => other !== own);
      this.#changed();
    };
  }

  /** Another way that is disturbed as this one is now, by lots of its own. */
  twin(name: string): Way {
    const twin = new Way(`${this.name} ${name}`, this.direction);
    for (const disturbance of this.#disturbances) twin.disturb(disturbance);
    return twin;
  }

  /** Is told after each change, until what is given back was called. */
  onChange(listener: () => void): () => void {
    this.#told.add(listener);
    return () => this.#told.delete(listener);
  }

  get #disturbances(): readonly Disturbance[] {
    const own = this.#own.map(({ disturbance }) => disturbance);
    return this.#trunk === undefined ? own : [...this.#trunk.#disturbances, ...own];
  }

  #changed(): void {
    this.effects = [...(this.#trunk?.effects ?? []), ...this.#own.map(({ effect }) => effect)];
    this.isStill = this.effects.some(({ still }) => still);
    for (const listener of [...this.#told]) listener();
  }
}
