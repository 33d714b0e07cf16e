import type { Actor, Transition, WatchResponse } from '../../gen/postern/v1/inspector.js';
import type { Heard } from '../directory/kinds.js';
import type { KnownActor } from '../directory/known-actor.js';
import { formatPlaces, type Places } from '../directory/place.js';

/** A reader that is so many transitions behind is told what is now instead. */
const mostWaiting = 5_000;
/** One message holds at most about so much text, so that clients with the usual limit of 4 MiB take it. */
const messageLength = 1 << 20;

type Waiting = { readonly transition: Transition; readonly machine: string; readonly place: number };

/** What a reader has still to be told, as messages of a bounded size. */
export class Backlog {
  #transitions: Waiting[] = [];
  /** Actors to be told as they are: all of them after a loss, else those that have changed without a transition. */
  #actors: Actor[] = [];
  readonly #changed = new Set<KnownActor>();
  #lost = false;
  #room = mostWaiting;
  #overrun = false;
  /** Everything up to these places was told. */
  readonly #told: Places = new Map();
  #placeTold = '';

  /** Something waits to be told. */
  get waiting(): boolean {
    return this.#overrun || this.#transitions.length > 0 || this.#actors.length > 0 || this.#changed.size > 0;
  }

  /** The reader is too far behind, or transitions are missing: what is now has to be told by `begin`. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** Tells these actors next, and goes on behind these places. */
  begin(actors: readonly Actor[], at: Places, lost: boolean): void {
    this.#transitions = [];
    this.#changed.clear();
    this.#actors = [...actors];
    this.#lost = lost;
    this.#overrun = false;
    for (const [machine, place] of at) this.#told.set(machine, place);
  }

  /** The reader has been told everything up to these places. */
  resume(at: Places): void {
    for (const [machine, { created, place }] of at) this.#moveOn(machine, created, place);
  }

  /** What is kept comes before what has happened in the meantime. */
  kept(heard: readonly Heard[]): void {
    if (this.#overrun) return;
    this.#room += heard.length;
    const before = heard.map(({ names, transition, place }) => ({
      transition,
      machine: names.machine,
      place,
    }));
    this.#transitions = [...before, ...this.#transitions];
  }

  /** A transition that has just happened. */
  happened(transition: Transition, machine: string, place: number): void {
    if (this.#overrun || place <= (this.#told.get(machine)?.place ?? 0)) return;
    if (this.#transitions.length >= this.#room) this.overran();
    else this.#transitions.push({ transition, machine, place });
  }

  changed(known: KnownActor): void {
    if (!this.#overrun) this.#changed.add(known);
  }

  /** Forgets what waits: it is told as a loss. */
  overran(): void {
    this.#transitions = [];
    this.#changed.clear();
    this.#overrun = true;
  }

  /**
   * The next message; undefined: nothing waits.
   * @param now how far the streams were read: all that is wanted up to there was added.
   */
  next(now: Places): WatchResponse | undefined {
    for (const known of this.#changed) this.#actors.push(known.actor);
    this.#changed.clear();
    if (!this.waiting) return undefined;
    const lost = this.#lost;
    this.#lost = false;
    let length = 0;
    const actors = takeWhile(this.#actors, (actor) => {
      length += actor.contextJson.length + lengthOf(actor);
      return length < messageLength;
    });
    if (this.#actors.length > 0) return { actors, transitions: [], place: '', live: false, lost };
    const taken = takeWhile(this.#transitions, ({ transition }) => {
      const { contextJson, detailJson, edges, event, from, to, by } = transition;
      for (const text of [contextJson, detailJson, event, from, to, by, ...edges]) length += text.length;
      length += lengthOf(transition);
      return length < messageLength;
    });
    for (const { machine, place } of taken) {
      this.#moveOn(machine, now.get(machine)?.created ?? '', place);
    }
    if (this.#transitions.length === 0) this.resume(now);
    this.#placeTold = formatPlaces(this.#told);
    const transitions = taken.map(({ transition }) => transition);
    return { actors, transitions, place: this.#placeTold, live: false, lost };
  }

  /** A message that tells nothing but the place; undefined: that was told. */
  onlyPlace(now: Places): WatchResponse | undefined {
    if (this.waiting) return undefined;
    this.resume(now);
    const place = formatPlaces(this.#told);
    if (place === this.#placeTold) return undefined;
    this.#placeTold = place;
    return { actors: [], transitions: [], place, live: false, lost: false };
  }

  /** Places of one stream only grow: another hub may have told more than this one has read. */
  #moveOn(machine: string, created: string, place: number): void {
    const before = this.#told.get(machine);
    if (before?.created === created && before.place >= place) return;
    this.#told.set(machine, { created, place });
  }
}

/** Of what actors and transitions have in common, rather more than less. */
function lengthOf({ id, ignored }: Pick<Actor, 'id' | 'ignored'>): number {
  let length = 256 + id.length;
  for (const type in ignored) length += type.length + 16;
  return length;
}

/** Takes what comes first, at least one, for as long as `fits` says that it does. */
function takeWhile<T>(from: T[], fits: (one: T) => boolean): T[] {
  let count = 0;
  for (const one of from) {
    if (!fits(one) && count > 0) break;
    count++;
  }
  return from.splice(0, count);
}
