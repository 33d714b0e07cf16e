import type { Actor, Transition } from '../../gen/postern/v1/inspector.js';
import type { Names } from './kinds.js';

/** So many lives of an actor are told apart: two hubs may watch over a node for a moment. */
const mostLives = 4;

/** An actor as its last transition left it. */
export class KnownActor {
  readonly names: Names;
  /** Never changed, but replaced. */
  actor: Actor;
  /** It said that it ended. */
  ended = false;
  /** Last transition of each life, by when it began; the newest life last. */
  readonly #lives = new Map<number, Pick<Transition, 'sequence' | 'atMs'>>();

  constructor(names: Names, first: Transition, gone: boolean) {
    const { machine, id, node, run } = names;
    this.names = names;
    this.actor = {
      ...{ machine, id, node, run, state: '', sinceMs: 0, bornMs: 0, sequence: 0, contextJson: '{}' },
      ...{ gone, ignored: {}, definition: '', operations: [], tags: [] },
    };
    this.take(first, gone);
  }

  /** False: this transition, or one behind it, was taken before. */
  take(transition: Transition, gone: boolean): boolean {
    const { bornMs, sequence, atMs, from, to, contextJson, ignored, definition } = transition;
    const last = this.#lives.get(bornMs);
    // Older agents do not say when an actor began, and count anew: only the very same is known then.
    const again =
      last !== undefined &&
      (bornMs === 0 ? last.sequence === sequence && last.atMs === atMs : sequence <= last.sequence);
    if (again) return false;
    this.#lives.delete(bornMs);
    this.#lives.set(bornMs, { sequence, atMs });
    const [oldest] = this.#lives.keys();
    if (this.#lives.size > mostLives && oldest !== undefined) this.#lives.delete(oldest);
    const before = this.actor;
    const state = to === '' ? from || before.state : to;
    const stays = before.state === state && before.bornMs === bornMs;
    this.actor = {
      ...before,
      ...{
        state,
        sinceMs: stays ? before.sinceMs : atMs,
        bornMs,
        sequence,
        contextJson,
        ignored,
        definition,
      },
      gone: gone || to === '',
    };
    this.ended = to === '';
    return true;
  }
}
