import type { FaultKind } from '../../fault-kinds.js';
import { isQueueing, takesDaemon } from '../plan/clashes.js';
import type { DraftFault, Findings } from './draft.js';
import type { Mistake } from './mistake.js';
import { durationText } from './quantities.js';
import type { Roster } from './roster.js';
import { mostFaults } from './scenario.js';

/** A fault of one kind that is set for one node. */
interface Setting {
  readonly kind: FaultKind;
  readonly fault: DraftFault;
  readonly fromMs: number;
  readonly toMs: number;
  /** How it acts; alike where it is the same. */
  readonly wish: string;
}

/**
 * Tells of faults that are set for the same node at the same time: those alike become one, which is a warning; those that
 * need the same thing are mistakes, which are put into `clashes`.
 */
export function checkMeetings(
  faults: readonly DraftFault[],
  roster: Roster,
  findings: Findings,
  clashes: Mistake[],
): void {
  // What is refused for its number is not compared each with each.
  if (faults.length > mostFaults) return;
  const byNode = new Map<string, Setting[]>();
  for (const fault of faults) {
    const told = new Set<string>();
    tellOwn(fault, clashes);
    const { path, kinds, of, labels, any, parting, atMs = 0, forMs = 0, everyMs } = fault;
    if (everyMs !== undefined || any !== undefined || labels !== undefined || parting !== undefined) continue;
    const wish = wishText(fault);
    const refs = of?.map(({ name }) => name) ?? roster.entries;
    for (const node of new Set(refs.flatMap((ref) => roster.names(ref)))) {
      const others = byNode.get(node) ?? [];
      const own = kinds.map((kind): Setting => {
        // A restart takes no time, and the daemon all the same.
        return { kind, fault, fromMs: atMs, toMs: atMs + (kind === 'restart' ? 1 : forMs), wish };
      });
      for (const one of own) {
        for (const other of others) {
          const key = `${one.kind} ${other.kind}`;
          if (told.has(key) || !meet(one, other)) continue;
          const [to, text] = isAlike(one, other)
            ? [
                findings.warnings,
                `meets another ${one.kind} of '${node}' (${timesOf(other)}): the two become one`,
              ]
            : [clashes, clashOf(one, other, node)];
          if (text === undefined) continue;
          told.add(key);
          to.push({ path, text });
        }
      }
      others.push(...own);
      byNode.set(node, others);
    }
  }
}

/** Kinds of one list that cannot begin together. */
function tellOwn({ path, kinds, wish }: DraftFault, clashes: Mistake[]): void {
  const daemon = kinds.filter(takesDaemon);
  const queues = kinds.filter((kind) => isQueueing({ kind, way: wish.way }));
  for (const [some, what] of [
    [daemon, "takes hold of the daemon's process"],
    [queues, 'takes the one queueing discipline of an interface'],
  ] as const) {
    if (some.length > 1) {
      const text = `${some.join(' and ')} cannot begin together: each of them ${what}`;
      clashes.push({ path: [...path, 'kind'], text });
    }
  }
}

function meet(one: Setting, other: Setting): boolean {
  // How long the others are after the beginning of all is not known here.
  if (one.fault.during !== other.fault.during) return false;
  return one.fromMs < other.toMs && other.fromMs < one.toMs;
}

function isAlike(one: Setting, other: Setting): boolean {
  return one.kind === other.kind && one.wish === other.wish;
}

function wishText({ wish: { from, ...wish } }: DraftFault): string {
  return JSON.stringify({ ...wish, from: from?.map(({ name }) => name).sort() });
}

function clashOf(one: Setting, other: Setting, node: string): string | undefined {
  const both = `${one.kind} meets ${other.kind} of '${node}' (${timesOf(other)})`;
  if (takesDaemon(one.kind) && takesDaemon(other.kind)) {
    return `${both}: both take hold of the daemon's process; let one end before the other begins`;
  }
  if (
    isQueueing({ kind: one.kind, way: one.fault.wish.way }) &&
    isQueueing({ kind: other.kind, way: other.fault.wish.way })
  ) {
    return `${both}: an interface has one queueing discipline; let one end before the other begins`;
  }
  return undefined;
}

function timesOf({ fromMs, toMs, kind }: Setting): string {
  return kind === 'restart'
    ? `at ${durationText(fromMs)}`
    : `${durationText(fromMs)} to ${durationText(toMs)}`;
}
