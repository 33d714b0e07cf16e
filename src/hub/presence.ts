import type { Bus } from '../bus/bus.js';
import { subjects } from '../bus/subjects.js';

/** A hub beats this often, in milliseconds. */
const beatEveryMs = 2_000;
/** A hub that is silent for so long is taken to be gone, in milliseconds. */
const goneAfterMs = 6_000;
/** The same for the hub that this one has replaced: one missed beat is enough. */
const predecessorGoneAfterMs = 2_500;
/** A timer that comes so much late tells that this process stood still and has heard nothing, in milliseconds. */
const stoodStillMs = 1_500;

/** Tells the other hubs that this one is there, and knows which of them are. */
export class Presence {
  readonly #bus: Bus;
  readonly #self: string;
  readonly #version: string;
  readonly #predecessor: string | undefined;
  readonly #sinceMs = Date.now();
  readonly #heardAt = new Map<string, number>();
  readonly #stops: (() => void)[] = [];
  #listeningSince = performance.now();
  #lastBeatAt = performance.now();

  constructor(options: { bus: Bus; self: string; version: string; predecessor: string | undefined }) {
    this.#bus = options.bus;
    this.#self = options.self;
    this.#version = options.version;
    this.#predecessor = options.predecessor;
  }

  start(): void {
    this.#stops.push(
      this.#bus.subscribe(subjects.beat, {}, ({ params }) => {
        this.#heardAt.set(params.hub, performance.now());
      }),
    );
    const timer = setInterval(() => this.#beat(), beatEveryMs);
    timer.unref();
    this.#stops.push(() => clearInterval(timer));
    this.#listeningSince = performance.now();
    this.#lastBeatAt = this.#listeningSince;
    this.#publish();
  }

  stop(): void {
    if (this.#stops.length === 0) return;
    for (const stop of this.#stops.splice(0)) stop();
    this.#publish(true);
  }

  /** What the others said meanwhile was not heard: their silence counts from now. */
  reconnected(): void {
    this.#listeningSince = performance.now();
    this.#publish();
  }

  /** True when the hub of this instance id is there, or may be for all that is known. */
  lives(hub: string): boolean {
    if (hub === this.#self) return true;
    if (hub === '') return false;
    const since = Math.max(this.#heardAt.get(hub) ?? 0, this.#listeningSince);
    return performance.now() - since < (hub === this.#predecessor ? predecessorGoneAfterMs : goneAfterMs);
  }

  #beat(): void {
    const now = performance.now();
    if (now - this.#lastBeatAt > beatEveryMs + stoodStillMs) this.#listeningSince = now;
    this.#lastBeatAt = now;
    for (const [hub, heardAt] of this.#heardAt) {
      if (now - heardAt > 10 * goneAfterMs) this.#heardAt.delete(hub);
    }
    this.#publish();
  }

  #publish(leaving?: true): void {
    if (!this.#bus.connected) return;
    const body = { hub: this.#self, version: this.#version, sinceMs: this.#sinceMs, leaving };
    this.#bus.publish(subjects.beat, { hub: this.#self }, body);
  }
}
