import type { Bus, Stop } from '../../bus/bus.js';
import { subjects } from '../../bus/subjects.js';
import { errorText } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { Outbox } from './outbox.js';

/** How often it is looked for hubs that have fallen silent, in milliseconds. */
const lookEveryMs = 1_000;
/** What a hub had to tell when it ended may be so much older than the last that is known of it, in milliseconds. */
const holdsBackMs = 10_000;

/**
 * Tells of hubs that have ended without saying so: what they had not told yet, and the ends of their calls, are missing.
 * All hubs of a cluster tell it with one id, so that it is kept once.
 */
export class AbsentHubs {
  readonly #bus: Pick<Bus, 'connected' | 'page'>;
  readonly #outbox: Pick<Outbox, 'pushOnce'>;
  readonly #lives: (hub: string) => boolean;
  readonly #log: Logger;
  /** When each was heard last, Unix time in milliseconds. */
  readonly #heardMs = new Map<string, number>();
  readonly #unhear: Stop;
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    bus: Pick<Bus, 'subscribe' | 'connected' | 'page'>;
    outbox: Pick<Outbox, 'pushOnce'>;
    /** Whether a hub is there, or may be for all that is known. */
    lives: (hub: string) => boolean;
    log: Logger;
  }) {
    this.#bus = options.bus;
    this.#outbox = options.outbox;
    this.#lives = options.lives;
    this.#log = options.log;
    this.#unhear = options.bus.subscribe(subjects.beat, {}, ({ params, body }) => {
      if (body.leaving === true) this.#heardMs.delete(params.hub);
      else this.#heardMs.set(params.hub, Date.now());
    });
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** The hub that ran before on the same data directory was not there to the end. */
  predecessor(hub: string): void {
    this.#bus.page(subjects.activity, { kind: 'gap' }, { after: Number.MAX_SAFE_INTEGER }).then(
      ({ lastMs }) => this.#tell(hub, lastMs),
      (thrown: unknown) => {
        this.#log.debug(`the activity of before cannot be read: ${errorText(thrown)}`);
        this.#tell(hub, 0);
      },
    );
  }

  stop(): void {
    this.#unhear();
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.#bus.connected) return;
    for (const [hub, heardMs] of this.#heardMs) {
      if (this.#lives(hub)) continue;
      this.#heardMs.delete(hub);
      this.#tell(hub, heardMs);
    }
  }

  #tell(hub: string, knownMs: number): void {
    const now = Date.now();
    const fromMs = Math.max(0, Math.round(knownMs) - holdsBackMs);
    const event = { at: now, fromMs, toMs: now, reason: 'HUB_GONE', instance: hub };
    this.#outbox.pushOnce('gap', '', event, `gone.${hub}`);
  }
}
