/** A transition of an actor, as the hub tells it. */
export interface Move {
  readonly machine: string;
  readonly id: string;
  /** When the life began that it is of, Unix milliseconds. */
  readonly bornMs: number;
  /** Counted in each life; 0: it began. */
  readonly sequence: number;
  readonly atMs: number;
  readonly event: string;
  /** JSON; empty: nothing. */
  readonly detail: string;
  /** Empty: it began. */
  readonly from: string;
  /** Empty: it ended. */
  readonly to: string;
  /** Ids of the edges taken, in order. */
  readonly edges: readonly string[];
  /** JSON. */
  readonly context: string;
  /** Whose doing it was, as `machine/id`; empty: not known. */
  readonly by: string;
  readonly ignored: Counts;
  /** Hash of the definition; empty: not known. */
  readonly definition: string;
  readonly node: string;
}

/** Events by type that were not taken, and how often. */
export type Counts = Readonly<Record<string, number>>;

/** An actor as the hub knows it. */
export interface ActorNow {
  readonly machine: string;
  readonly id: string;
  readonly node: string;
  readonly run: string;
  readonly state: string;
  readonly sinceMs: number;
  readonly bornMs: number;
  readonly sequence: number;
  /** JSON. */
  readonly context: string;
  readonly gone: boolean;
  readonly ignored: Counts;
  readonly definition: string;
  /** Types of events for operators that its state takes; undefined: the hub has not said so of this state. */
  readonly operations: readonly string[] | undefined;
}

/** What names an actor: `machine/id`. */
export function actorKey({ machine, id }: { readonly machine: string; readonly id: string }): string {
  return `${machine}/${id}`;
}

/** Machine and id of `machine/id`; undefined: it is none. */
export function actorOfKey(key: string): { machine: string; id: string } | undefined {
  const slash = key.indexOf('/');
  if (slash < 1 || slash === key.length - 1) return undefined;
  return { machine: key.slice(0, slash), id: key.slice(slash + 1) };
}

/** What names a transition among all. */
export function moveKey(move: Pick<Move, 'machine' | 'id' | 'bornMs' | 'sequence'>): string {
  return `${move.machine}/${move.id}@${move.bornMs}~${move.sequence}`;
}

/** What a transition is called: its event; a beginning and what is taken by itself have none that people know. */
export function moveText({ from, event }: Pick<Move, 'from' | 'event'>): string {
  if (from === '') return 'began';
  return event === '' ? 'always' : event;
}

/** The order of an actor's own transitions: by lives, and by their numbers within one. */
export function inOwnOrder(a: Move, b: Move): number {
  return a.bornMs - b.bornMs || a.sequence - b.sequence;
}

/** The order in which transitions of several actors are told, by the clocks of their processes. */
export function inTimeOrder(a: Move, b: Move): number {
  return a.atMs - b.atMs || compareText(actorKey(a), actorKey(b)) || inOwnOrder(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
