import { createHash } from 'node:crypto';
import { PosternError } from '../../errors.js';
import { longestFaultMs, mostFaultsPerNode, type ScenarioFault } from '../scenario/scenario.js';
import type { ChosenNodes } from './chosen-nodes.js';
import { Lot } from './lot.js';
import type { FaultKind, PlannedFault } from './plan.js';

/** Lots that all nodes draw for all rules together: each one costs the controller time in which it does nothing else. */
const mostDraws = 4_000_000;

interface Span {
  readonly atMs: number;
  readonly endMs: number;
}

/**
 * All faults of a run, by node and time. Each node draws from streams of its own: one more node changes nothing of when
 * the others draw what, it can only take the place of one where `any` chooses among nodes. Of one kind and node, spans
 * that meet become one. Throws `PLAN_TOO_LARGE` (exit status 2).
 */
export function planFaults(
  rules: readonly ScenarioFault[],
  nodes: ChosenNodes,
  lastSendMs: number,
  seed: string,
): PlannedFault[] {
  const spans = new Map<string, Map<FaultKind, Span[]>>();
  let draws = 0;
  for (const [number, rule] of rules.entries()) {
    const among = nodes.of(rule.nodes.of);
    draws += among.length * drawsOf(rule, lastSendMs);
    if (draws > mostDraws) {
      throw tooLarge(`the faults draw more than ${mostDraws} lots of all nodes together`);
    }
    for (const [node, times] of hits(rule, among, lastSendMs, seed, number)) {
      const kinds = spans.get(node) ?? new Map<FaultKind, Span[]>();
      spans.set(node, kinds);
      for (const kind of rule.kinds) {
        // A restart takes no time, whatever it happens together with.
        const forMs = kind === 'restart' ? 0 : rule.forMs;
        const hit = times.map((atMs) => ({ atMs, endMs: atMs + forMs }));
        kinds.set(kind, joined([...(kinds.get(kind) ?? []), ...hit]));
      }
      const all = [...kinds.values()].reduce((sum, { length }) => sum + length, 0);
      if (all > mostFaultsPerNode) {
        throw tooLarge(`${all} faults of the node ${node}: at most ${mostFaultsPerNode} are possible`);
      }
    }
  }
  return [...spans.keys()].sort().flatMap((node) => faultsOf(node, spans.get(node) ?? new Map()));
}

function tooLarge(message: string): PosternError {
  return new PosternError('PLAN_TOO_LARGE', message, {
    hint: 'let them come less often: raise every or odds',
    exitCode: 2,
  });
}

/** How often each node draws for a rule. */
function drawsOf({ repeat, atMs }: ScenarioFault, lastSendMs: number): number {
  return repeat === undefined ? 1 : Math.max(0, Math.floor((lastSendMs - atMs) / repeat.everyMs) + 1);
}

/** When a rule hits which node, in time. */
function hits(
  rule: ScenarioFault,
  among: readonly string[],
  lastSendMs: number,
  seed: string,
  number: number,
): ReadonlyMap<string, readonly number[]> {
  const { repeat, atMs: firstMs } = rule;
  const draws = among.map((node) => ({
    node,
    lot: new Lot(seed, 'odds', number, node),
    rank: new Lot(seed, 'any', number, node),
  }));
  const made = new Map<string, number[]>();
  for (let n = 0; ; n += 1) {
    const atMs = firstMs + n * (repeat?.everyMs ?? 0);
    if (repeat !== undefined && atMs > lastSendMs) return made;
    const drawn = draws.map(({ node, lot, rank }) => ({
      node,
      hit: lot.oneIn(repeat?.odds ?? 1),
      rank: rank.next(),
    }));
    const most = rule.nodes.any ?? drawn.length;
    const chosen = most < drawn.length ? drawn.toSorted((a, b) => a.rank - b.rank).slice(0, most) : drawn;
    for (const { node, hit } of chosen) {
      if (!hit) continue;
      const times = made.get(node);
      if (times === undefined) made.set(node, [atMs]);
      else times.push(atMs);
    }
    if (repeat === undefined) return made;
  }
}

function faultsOf(node: string, kinds: ReadonlyMap<FaultKind, readonly Span[]>): PlannedFault[] {
  const all = [...kinds].flatMap(([kind, spans]) =>
    spans.map(({ atMs, endMs }, i) => ({
      fault: `${kind}-${i + 1}-${shortName(node)}`,
      node,
      kind,
      atMs,
      forMs: endMs - atMs,
    })),
  );
  const long = all.find(({ forMs }) => forMs > longestFaultMs);
  if (long !== undefined) {
    throw new PosternError(
      'PLAN_TOO_LARGE',
      `faults of kind ${long.kind} of the node ${node} meet, and last more than an hour together: no node disturbs itself for longer`,
      { hint: 'let them be shorter than every, or come less often', exitCode: 2 },
    );
  }
  return all.sort((a, b) => a.atMs - b.atMs || (a.kind < b.kind ? -1 : 1));
}

/** In time, with those that meet made one. */
function joined(spans: readonly Span[]): Span[] {
  const made: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = made.at(-1);
    if (last !== undefined && span.atMs <= last.endMs) {
      made[made.length - 1] = { atMs: last.atMs, endMs: Math.max(last.endMs, span.endMs) };
    } else made.push(span);
  }
  return made;
}

/** The node's name, or its beginning and a hash, so that the name of a fault fits into one token of 64 characters. */
function shortName(node: string): string {
  if (node.length <= 48) return node;
  return `${node.slice(0, 39)}-${createHash('sha256').update(node).digest('hex').slice(0, 8)}`;
}
