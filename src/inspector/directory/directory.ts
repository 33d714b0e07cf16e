import type { Bus } from '../../bus/bus.js';
import { PosternError } from '../../errors.js';
import type { Transition } from '../../gen/postern/v1/inspector.js';
import type { Logger } from '../../log.js';
import { type Heard, type Kind, kinds, type Names } from './kinds.js';
import { KnownActor } from './known-actor.js';
import type { Places } from './place.js';

/** The streams are followed for so long after the last one who has used them, milliseconds. */
const lingerMs = 30_000;
/** All that is kept has to be read within this time, milliseconds. */
const readWithinMs = 20_000;
/** So many actors of one machine are known; those that have been gone for longest make room. */
const mostActors = 20_000;

/** What a hub knows of the processes behind nodes. */
export interface NodeProcesses {
  /** Whether the process with this boot id has a place as an instance of the node. */
  lives(node: string, boot: string): boolean;
  /** Hears the name of each node whose instances may be others than before. */
  onChange(listener: (node: string) => void): () => void;
}

/** Hears what happens to the actors of a directory. */
export interface DirectoryListener {
  transition(known: KnownActor, transition: Transition, place: number): void;
  /** An actor has gone, or come back, without a transition. */
  changed(known: KnownActor): void;
  /** Transitions of this machine may be missing: what was known of its actors is void. */
  lost(machine: string): void;
}

/** The stream of one kind, as far as it was read. */
interface Part {
  readonly kind: Kind;
  readonly actors: Map<string, KnownActor>;
  created: string;
  place: number;
  /** All that was kept has been read; what comes now is new. */
  live: boolean;
}

/**
 * All actors as they are now. It follows the streams of transitions while somebody uses it, and for a while after: a hub
 * whose machines nobody looks at does nothing.
 */
export class Directory {
  readonly #bus: Pick<Bus, 'read'>;
  readonly #processes: () => NodeProcesses;
  readonly #log: Logger;
  readonly #parts = new Map<string, Part>();
  /** The actors of agents' processes, by node. */
  readonly #ofProcesses = new Map<string, Set<KnownActor>>();
  readonly #listeners = new Set<DirectoryListener>();
  #users = 0;
  #running: { ready: Promise<void>; stop: () => void } | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(options: { bus: Pick<Bus, 'read'>; processes: () => NodeProcesses; log: Logger }) {
    this.#bus = options.bus;
    this.#processes = options.processes;
    this.#log = options.log;
  }

  /** Whether it follows the streams. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Runs `work` while all actors are known. Throws `STORE_UNAVAILABLE` where the streams cannot be read. */
  async using<R>(work: () => R | Promise<R>): Promise<R> {
    clearTimeout(this.#linger);
    this.#users++;
    try {
      this.#running ??= this.#start();
      await this.#running.ready;
      return await work();
    } finally {
      this.#users--;
      if (this.#users === 0) this.#linger = setTimeout(() => this.stop(), lingerMs).unref();
    }
  }

  get(machine: string, id: string): KnownActor | undefined {
    return this.#parts.get(machine)?.actors.get(id);
  }

  /** All actors of a machine, in no order. */
  ofMachine(machine: string): Iterable<KnownActor> {
    return this.#parts.get(machine)?.actors.values() ?? [];
  }

  /** How far each stream was read; those that are being read from the start are left out. */
  places(): Places {
    const places: Places = new Map();
    for (const [machine, { created, place, live }] of this.#parts) {
      if (live) places.set(machine, { created, place });
    }
    return places;
  }

  listen(listener: DirectoryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    clearTimeout(this.#linger);
    this.#running?.stop();
    this.#running = undefined;
    this.#parts.clear();
    this.#ofProcesses.clear();
  }

  #start(): { ready: Promise<void>; stop: () => void } {
    const stops: (() => void)[] = [];
    const stop = (): void => {
      for (const one of stops.splice(0)) one();
    };
    const read = kinds.map((kind) => new Promise<void>((resolve) => stops.push(this.#follow(kind, resolve))));
    stops.push(this.#processes().onChange((node) => this.#look(node)));
    const bound = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => {
        this.stop();
        reject(new PosternError('STORE_UNAVAILABLE', 'the transitions that are kept cannot be read now'));
      }, readWithinMs);
      stops.push(() => {
        clearTimeout(timer);
        reject(new PosternError('STORE_UNAVAILABLE', 'the inspector stops'));
      });
      Promise.all(read).then(() => clearTimeout(timer), reject);
    });
    const ready = Promise.race([Promise.all(read).then(() => {}), bound]);
    ready.catch(() => {}); // whoever waits hears of it
    this.#log.debug('the machines are looked at');
    return { ready, stop };
  }

  #follow(kind: Kind, caughtUp: () => void): () => void {
    const part: Part = { kind, actors: new Map(), created: '', place: 0, live: false };
    this.#parts.set(kind.machine, part);
    return kind.read(
      this.#bus,
      {},
      {},
      {
        began: ({ created }) => {
          part.created = created;
        },
        message: (place, heard) => {
          const missed = part.live && place > part.place + 1;
          part.place = place;
          if (missed) this.#tell((listener) => listener.lost(kind.machine));
          if (heard !== undefined) this.#take(part, heard);
        },
        restarted: () => {
          this.#forget(part, part.actors.values());
          part.place = 0;
          part.live = false;
        },
        caughtUp: () => {
          const again = !part.live && part.created !== '' && this.#listeners.size > 0;
          part.live = true;
          if (again) this.#tell((listener) => listener.lost(kind.machine));
          caughtUp();
        },
      },
    );
  }

  #take(part: Part, { names, transition, place }: Heard): void {
    const { actors, live } = part;
    const gone = this.#isGone(names);
    let known = actors.get(names.id);
    if (known === undefined) {
      if (actors.size >= mostActors) this.#forget(part, leastWanted([...actors.values()]));
      known = new KnownActor(names, transition, gone);
      actors.set(names.id, known);
      if (names.boot !== '') this.#ofNode(names.node).add(known);
    } else if (!known.take(transition, gone)) return;
    if (!live) return;
    const told = known;
    this.#tell((listener) => listener.transition(told, transition, place));
  }

  #isGone({ node, boot }: Names): boolean {
    return boot !== '' && !this.#processes().lives(node, boot);
  }

  /** The instances of a node may be others: looks which actors of its agents are gone. */
  #look(node: string): void {
    for (const known of this.#ofProcesses.get(node) ?? []) {
      const gone = known.ended || this.#isGone(known.names);
      if (gone === known.actor.gone) continue;
      known.actor = { ...known.actor, gone };
      this.#tell((listener) => listener.changed(known));
    }
  }

  #ofNode(node: string): Set<KnownActor> {
    let known = this.#ofProcesses.get(node);
    if (known === undefined) {
      known = new Set();
      this.#ofProcesses.set(node, known);
    }
    return known;
  }

  #forget({ actors }: Part, which: Iterable<KnownActor>): void {
    for (const known of [...which]) {
      const { id, node } = known.names;
      actors.delete(id);
      const ofNode = this.#ofProcesses.get(node);
      if (ofNode?.delete(known) === true && ofNode.size === 0) this.#ofProcesses.delete(node);
    }
  }

  #tell(what: (listener: DirectoryListener) => void): void {
    for (const listener of this.#listeners) what(listener);
  }
}

/** The tenth of the actors that has been gone for longest, or has said nothing for longest. */
function leastWanted(actors: KnownActor[]): KnownActor[] {
  const order = actors.sort(
    ({ actor: a }, { actor: b }) => Number(b.gone) - Number(a.gone) || a.sinceMs - b.sinceMs,
  );
  return order.slice(0, Math.ceil(order.length / 10));
}
