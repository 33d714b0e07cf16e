import { createHash } from 'node:crypto';
import { PosternError } from '../../errors.js';
import { longestFaultMs, mostFaultsPerNode, type ScenarioFault } from '../scenario/scenario.js';
import type { ChosenNodes } from './chosen-nodes.js';
import { type Hit, hitsOf, timesDrawn } from './fault-hits.js';
import type { FaultPhase, PlannedFault, PlannedShape } from './plan.js';
import { seedOf } from './shapes.js';

/** Lots that all nodes draw for all rules together: each one costs the controller time in which it does nothing else. */
const mostDraws = 4_000_000;
/** Names of other nodes in all faults together: a plan is stored, told and shown as one text. */
const mostNames = 500_000;

interface Span {
  readonly during: FaultPhase;
  readonly atMs: number;
  readonly endMs: number;
}

/** What a node does in the same way, as often as it does. */
interface Doing {
  readonly hit: Hit;
  readonly spans: Span[];
}

/**
 * All faults of a run, by node and time. Each node draws from streams of its own: one more node changes nothing of when
 * the others draw what, it can only take the place of one where `any` chooses among nodes or they are parted. Of one kind,
 * shape and node, spans that meet become one. Throws `PLAN_TOO_LARGE` and `FAULT_IMPOSSIBLE` (exit status 2).
 */
export function planFaults(
  rules: readonly ScenarioFault[],
  nodes: ChosenNodes,
  lastSendMs: number,
  seed: string,
): PlannedFault[] {
  const doings = new Map<string, Map<string, Doing>>();
  let draws = 0;
  for (const [number, rule] of rules.entries()) {
    const among = nodes.of(rule.nodes.of, rule.nodes.labels);
    // Where they are parted, each is compared with each.
    draws += among.length * (rule.parting === undefined ? 1 : among.length) * timesDrawn(rule, lastSendMs);
    if (draws > mostDraws) {
      throw tooLarge(`the faults draw more than ${mostDraws} lots of all nodes together`);
    }
    const touched = new Set<Doing>();
    for (const hit of hitsOf(rule, among, { nodes, lastSendMs, seed, number })) {
      const doing = doingOf(doings, hit, rule.during);
      // A restart takes no time, whatever it happens together with.
      const endMs = hit.atMs + (hit.kind === 'restart' ? 0 : rule.forMs);
      doing.spans.push({ during: rule.during, atMs: hit.atMs, endMs });
      touched.add(doing);
    }
    for (const { spans } of touched) spans.splice(0, spans.length, ...joined(spans));
    refuseMany(doings);
  }
  return [...doings.keys()]
    .sort()
    .flatMap((node) => faultsOf(node, [...(doings.get(node)?.values() ?? [])], seed));
}

function tooLarge(message: string): PosternError {
  return new PosternError('PLAN_TOO_LARGE', message, {
    hint: 'let them come less often: raise every or odds',
    exitCode: 2,
  });
}

function refuseMany(doings: ReadonlyMap<string, ReadonlyMap<string, Doing>>): void {
  let names = 0;
  for (const [node, own] of doings) {
    let all = 0;
    for (const { spans, hit } of own.values()) {
      all += spans.length;
      names += spans.length * hit.shape.from.length;
    }
    if (all > mostFaultsPerNode) {
      throw tooLarge(`${all} faults of the node ${node}: at most ${mostFaultsPerNode} are possible`);
    }
  }
  if (names > mostNames) {
    throw tooLarge(`the faults name ${names} other nodes together: at most ${mostNames} are possible`);
  }
}

/** Times of the joining have a beginning of their own. */
function timelineOf(during: FaultPhase): 'joining' | 'main' {
  return during === 'joining' ? 'joining' : 'main';
}

function doingOf(doings: Map<string, Map<string, Doing>>, hit: Hit, during: FaultPhase): Doing {
  const own = doings.get(hit.node) ?? new Map<string, Doing>();
  doings.set(hit.node, own);
  const key = `${timelineOf(during)} ${hit.kind} ${textOf(hit.shape)}`;
  const doing = own.get(key) ?? { hit, spans: [] };
  own.set(key, doing);
  return doing;
}

const texts = new WeakMap<PlannedShape, string>();

/** Made once: many hits have the same one. */
function textOf(shape: PlannedShape): string {
  const text = texts.get(shape) ?? JSON.stringify(shape);
  texts.set(shape, text);
  return text;
}

function faultsOf(node: string, doings: readonly Doing[], seed: string): PlannedFault[] {
  const all = doings.flatMap(({ hit: { kind, shape }, spans }) =>
    spans.map((span) => ({ kind, shape, ...span, order: textOf(shape) })),
  );
  all.sort(
    (a, b) =>
      timelineOf(a.during).localeCompare(timelineOf(b.during)) ||
      a.atMs - b.atMs ||
      (a.kind === b.kind ? 0 : a.kind < b.kind ? -1 : 1) ||
      (a.order < b.order ? -1 : 1),
  );
  const numbers = new Map<string, number>();
  return all.map(({ kind, shape, during, atMs, endMs }) => {
    const forMs = endMs - atMs;
    if (forMs > longestFaultMs) throw tooLong(node, kind);
    const number = (numbers.get(kind) ?? 0) + 1;
    numbers.set(kind, number);
    const fault = `${kind}-${number}-${shortName(node)}`;
    return { fault, node, kind, during, atMs, forMs, shape: { ...shape, seed: seedOf(seed, node, fault) } };
  });
}

function tooLong(node: string, kind: string): PosternError {
  return new PosternError(
    'PLAN_TOO_LARGE',
    `faults of kind ${kind} of the node ${node} meet, and last more than an hour together: no node disturbs itself for longer`,
    { hint: 'let them be shorter than every, or come less often', exitCode: 2 },
  );
}

/** In time, with those that meet made one. */
function joined(spans: readonly Span[]): Span[] {
  const made: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = made.at(-1);
    if (last !== undefined && span.atMs <= last.endMs) {
      made[made.length - 1] = { ...last, endMs: Math.max(last.endMs, span.endMs) };
    } else made.push(span);
  }
  return made;
}

/** The node's name, or its beginning and a hash, so that the name of a fault fits into one token of 64 characters. */
function shortName(node: string): string {
  if (node.length <= 48) return node;
  return `${node.slice(0, 39)}-${createHash('sha256').update(node).digest('hex').slice(0, 8)}`;
}
