import { createHash } from 'node:crypto';
import { PosternError } from '../../errors.js';
import { mostFaultsPerNode, type ScenarioFault } from '../scenario/scenario.js';
import type { ChosenNodes } from './chosen-nodes.js';
import { Lot } from './lot.js';
import type { FaultKind, PlannedFault } from './plan.js';

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
  for (const [number, rule] of rules.entries()) {
    const among = nodes.of(rule.nodes.of);
    for (const { node, atMs } of hits(rule, among, lastSendMs, seed, number)) {
      const kinds = spans.get(node) ?? new Map<FaultKind, Span[]>();
      spans.set(node, kinds);
      for (const kind of rule.kinds) {
        kinds.set(kind, [...(kinds.get(kind) ?? []), { atMs, endMs: atMs + rule.forMs }]);
      }
    }
  }
  return [...spans.keys()].sort().flatMap((node) => faultsOf(node, spans.get(node) ?? new Map()));
}

function hits(
  rule: ScenarioFault,
  among: readonly string[],
  lastSendMs: number,
  seed: string,
  number: number,
): { node: string; atMs: number }[] {
  const { repeat, atMs: firstMs } = rule;
  const draws = among.map((node) => ({
    node,
    lot: new Lot(seed, 'odds', number, node),
    rank: new Lot(seed, 'any', number, node),
  }));
  const made: { node: string; atMs: number }[] = [];
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
    for (const { node, hit } of chosen) if (hit) made.push({ node, atMs });
    if (repeat === undefined) return made;
  }
}

function faultsOf(node: string, kinds: ReadonlyMap<FaultKind, readonly Span[]>): PlannedFault[] {
  const all = [...kinds].flatMap(([kind, spans]) =>
    joined(spans).map(({ atMs, endMs }, i) => ({
      fault: `${kind}-${i + 1}-${shortName(node)}`,
      node,
      kind,
      atMs,
      forMs: endMs - atMs,
    })),
  );
  if (all.length > mostFaultsPerNode) {
    throw new PosternError(
      'PLAN_TOO_LARGE',
      `${all.length} faults of the node ${node}: at most ${mostFaultsPerNode} are possible`,
      {
        hint: 'let them come less often: raise every or odds',
        exitCode: 2,
      },
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
