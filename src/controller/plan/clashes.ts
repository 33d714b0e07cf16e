import { PosternError } from '../../errors.js';
import { type FaultKind, type FaultWay, factsOfKinds } from '../../fault-kinds.js';
import { durationText } from '../scenario/quantities.js';
import type { PlannedFault } from './plan.js';

/** Kinds that the kernel makes with a queueing discipline, of which an interface has one. */
const queueing: ReadonlySet<FaultKind> = new Set(['rate', 'delay', 'duplicate', 'reorder']);
/** By these ways. */
const queueingWays: ReadonlySet<string> = new Set(['tbf', 'netem']);
/** So many are told one by one. */
const mostTold = 10;

/** Whether faults of the kind take hold of the daemon's process. */
export function takesDaemon(kind: FaultKind): boolean {
  return factsOfKinds[kind].process;
}

/**
 * Whether a fault takes the interface's queueing discipline.
 * @param by by what the node would do it; undefined: it was not asked yet
 */
export function isQueueing(fault: {
  readonly kind: FaultKind;
  readonly way: FaultWay | undefined;
  readonly by?: string | undefined;
}): boolean {
  if (!queueing.has(fault.kind)) return false;
  return fault.by === undefined ? fault.way === 'kernel' : queueingWays.has(fault.by);
}

/** What faults take that only one can have at a time. */
const things = [
  { text: "both take hold of the daemon's process", taken: ({ kind }: PlannedFault) => takesDaemon(kind) },
  {
    text: 'both take the one queueing discipline of an interface',
    taken: ({ kind, shape: { way } }: PlannedFault, by: string | undefined) => isQueueing({ kind, way, by }),
  },
] as const;

/** What is asked about faults. */
export interface ClashQuestion {
  /** By what a node would do it; undefined: it was not asked yet. */
  readonly by?: (fault: PlannedFault) => string | undefined;
  /** The machine that a node is on. */
  readonly machine?: (node: string) => string;
}

/** Throws `FAULTS_CLASH` (exit status 2) where faults of a node need the same thing at the same time; names both. */
export function refuseClashes(faults: readonly PlannedFault[], question: ClashQuestion = {}): void {
  const told = things.flatMap(({ text, taken }, at) => {
    const takers = faults.filter((fault) => taken(fault, question.by?.(fault)));
    // A daemon is its node's own; the interface is the machine's.
    const machine = at === 0 ? (node: string) => node : (question.machine ?? ((node: string) => node));
    return meetings(takers, machine).map((pair) => `${pair}: ${text}`);
  });
  if (told.length === 0) return;
  const more = told.length > mostTold ? [`and ${told.length - mostTold} more`] : [];
  throw new PosternError('FAULTS_CLASH', [...told.slice(0, mostTold), ...more].join('\n'), {
    hint: 'let one end before the other begins; where they are drawn, another seed draws others',
    exitCode: 2,
  });
}

/** Each fault that begins before one before it has ended, with that one. */
function meetings(faults: readonly PlannedFault[], machine: (node: string) => string): string[] {
  const last = new Map<string, PlannedFault>();
  const met: string[] = [];
  for (const fault of faults.toSorted((a, b) => a.atMs - b.atMs)) {
    const key = `${fault.during === 'joining' ? 'joining' : 'main'} ${machine(fault.node)}`;
    const before = last.get(key);
    if (before !== undefined && fault.atMs < endOf(before))
      met.push(`${named(before)} meets ${named(fault)}`);
    if (before === undefined || endOf(fault) > endOf(before)) last.set(key, fault);
  }
  return met;
}

/** A restart takes no time, and the daemon all the same. */
function endOf({ atMs, forMs }: PlannedFault): number {
  return atMs + Math.max(1, forMs);
}

function named({ fault, atMs, forMs }: PlannedFault): string {
  const to = forMs === 0 ? '' : ` to ${durationText(atMs + forMs)}`;
  return `${fault} (${forMs === 0 ? 'at ' : ''}${durationText(atMs)}${to})`;
}
