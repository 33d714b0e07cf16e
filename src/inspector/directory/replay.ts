import type { Bus } from '../../bus/bus.js';
import { PosternError } from '../../errors.js';
import type { Heard, Kind, Names } from './kinds.js';

/** What is kept has to be read within this time, milliseconds. */
const withinMs = 20_000;
/** So many transitions are held at once at most. */
export const mostReplayed = 20_000;

/** Transitions of a stream behind a place and up to another one. */
export interface Replayed {
  readonly heard: readonly Heard[];
  /** Some that were there are not kept any more. */
  readonly lost: boolean;
}

/** What is to be read. */
export interface ReplayRange {
  readonly after: number;
  /** All up to this place, which the stream has reached already. */
  readonly upTo: number;
  /** What the stream can be asked for. */
  readonly only: { readonly id?: string; readonly node?: string };
  /** Which of these are wanted. */
  readonly wants: (names: Names) => boolean;
  /** Only so many of each actor, the last; absent: all, unless that are too many, which counts as a loss. */
  readonly perActor?: number;
}

/** Reads what is kept of a kind behind a place. Throws `STORE_UNAVAILABLE`, and what the signal has as its reason. */
export function replay(
  bus: Pick<Bus, 'read'>,
  kind: Kind,
  { after, upTo, only, wants, perActor }: ReplayRange,
  signal: AbortSignal,
): Promise<Replayed> {
  return new Promise((resolve, reject) => {
    let heard: Heard[] = [];
    let lost = false;
    let ended = false;
    const end = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      // the reader may tell before it was returned
      queueMicrotask(() => stop());
      finish();
    };
    const abort = (): void => end(() => reject(signal.reason));
    const done = (): void =>
      end(() => {
        const told = perActor === undefined ? heard : lastOfEach(heard, perActor);
        resolve({ heard: told, lost: lost || overrun(heard, kind.kept) });
      });
    const timer = setTimeout(
      () => end(() => reject(new PosternError('STORE_UNAVAILABLE', 'what is kept cannot be read now'))),
      withinMs,
    );
    signal.addEventListener('abort', abort);
    const stop = kind.read(
      bus,
      only,
      { after },
      {
        began: ({ first }) => {
          if (first > after + 1) lost = true;
        },
        message: (place, one) => {
          if (ended) return;
          if (place > upTo) {
            done();
            return;
          }
          if (one !== undefined && wants(one.names)) heard.push(one);
          if (perActor === undefined && heard.length > mostReplayed) {
            heard.length = 0;
            lost = true;
            done();
          } else if (perActor !== undefined && heard.length > 2 * mostReplayed) {
            heard = lastOfEach(heard, perActor).slice(-mostReplayed);
          }
          if (place === upTo) done();
        },
        restarted: () => {
          heard.length = 0;
          lost = true;
          done();
        },
        caughtUp: done,
      },
    );
    if (signal.aborted) abort();
  });
}

/** The last so many of each actor, in their order. */
function lastOfEach(heard: readonly Heard[], perActor: number): Heard[] {
  const counts = new Map<string, number>();
  const kept: Heard[] = [];
  for (const one of heard.toReversed()) {
    const count = counts.get(one.names.id) ?? 0;
    counts.set(one.names.id, count + 1);
    if (count < perActor) kept.push(one);
  }
  return kept.reverse();
}

/** The transitions of several streams in the order in which they were stored, that of each stream kept. */
export function inOrder(streams: readonly (readonly Heard[])[]): Heard[] {
  const keyed = streams.flatMap((heard) => {
    let atMs = 0;
    return heard.map((one) => {
      atMs = Math.max(atMs, one.storedMs);
      return { atMs, one };
    });
  });
  return keyed.sort((a, b) => a.atMs - b.atMs).map(({ one }) => one);
}

/** An actor that has all its kept transitions behind the place may have had more there. */
function overrun(heard: readonly Heard[], kept: number): boolean {
  const perActor = new Map<string, { count: number; first: number }>();
  for (const { names, transition } of heard) {
    const seen = perActor.get(names.id);
    if (seen === undefined) perActor.set(names.id, { count: 1, first: transition.sequence });
    else seen.count++;
  }
  return [...perActor.values()].some(({ count, first }) => count >= kept && first > 0);
}
