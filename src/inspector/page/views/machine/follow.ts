import { type ReadonlySignal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { WatchResponse } from '../../../../gen/web/postern/v1/inspector_pb.js';
import type { Hub } from '../../hub.js';
import { type StreamState, useStream } from '../../streams.js';
import { newsOf } from './from-proto.js';
import { litMs } from './lit.js';
import { type Move, moveKey } from './model.js';
import { after, type Bounds, nothing, type World } from './world.js';

/** Which actors; what is left out does not limit. */
export interface Wanted {
  readonly machine?: string;
  readonly id?: string;
  readonly node?: string;
  readonly run?: string;
}

/** Actors that are followed. */
export interface Followed {
  readonly world: ReadonlySignal<World>;
  readonly state: ReadonlySignal<StreamState>;
  /** When a transition came, by `performance.now()`; undefined: more than some seconds ago, or as history. */
  readonly came: (move: Move) => number | undefined;
}

/** The hub sends so many kept transitions of each actor at first. */
const history = 64;

/** Follows some actors by one stream as long as the component is there; what was known of others before is kept. */
export function useFollowed(hub: Hub, wanted: readonly Wanted[], bounds: Bounds): Followed {
  const known = useMemo(() => new Known(bounds), [hub]);
  const filters = [...wanted];
  const state = useStream<WatchResponse>(JSON.stringify(wanted), {
    hub,
    open: (resume, call) => {
      // What comes until the hub says so is of the past.
      known.live = false;
      return hub.inspector.watch({ filters, resume, history: resume === '' ? history : 0 }, call);
    },
    take: (messages) => known.take(messages),
    place: ({ place }) => place,
  });
  return { world: known.world, state, came: known.came };
}

/** What is known, and what of it is new. */
class Known {
  readonly world = signal<World>(nothing);
  live = false;
  readonly #bounds: Bounds;
  readonly #came = new Map<string, number>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  readonly came = (move: Move): number | undefined => this.#came.get(moveKey(move));

  take(messages: readonly WatchResponse[]): void {
    const now = performance.now();
    for (const [key, when] of this.#came) {
      if (now - when < litMs) break;
      this.#came.delete(key);
    }
    const all = messages.map((message) => {
      const news = newsOf(message);
      if (this.live) for (const move of news.moves) this.#came.set(moveKey(move), now);
      this.live ||= news.live;
      return news;
    });
    this.world.value = after(
      this.world.value,
      {
        actors: all.flatMap(({ actors }) => actors),
        moves: all.flatMap(({ moves }) => moves),
        live: all.some(({ live }) => live),
        lost: all.some(({ lost }) => lost),
      },
      this.#bounds,
    );
  }
}
