import type { FaultKind } from '../../fault-kinds.js';
import { Lot } from '../../lot.js';
import type { ScenarioFault } from '../scenario/scenario.js';
import type { ChosenNodes } from './chosen-nodes.js';
import { Parter } from './partings.js';
import type { PlannedShape } from './plan.js';
import { shapeOf } from './shapes.js';

/** What a node does, when. */
export interface Hit {
  readonly node: string;
  readonly kind: FaultKind;
  /** Without its seed. */
  readonly shape: PlannedShape;
  readonly atMs: number;
}

/** What chance is drawn from: the seed of the run, and the place of the rule in its list. */
export interface Chance {
  readonly seed: string;
  readonly number: number;
}

/** When a rule hits what, in time. Each node draws from streams of its own. */
export function* hitsOf(
  rule: ScenarioFault,
  among: readonly string[],
  { nodes, lastSendMs, seed, number }: Chance & { readonly nodes: ChosenNodes; readonly lastSendMs: number },
): Generator<Hit> {
  const acts =
    rule.parting === undefined
      ? alike(rule, among, nodes, { seed, number })
      : parted(rule, among, nodes, { seed, number });
  const ranks = among.map((node) => ({ node, lot: new Lot(seed, 'any', number, node) }));
  for (const atMs of timesOf(rule, lastSendMs)) {
    const drawn = ranks.map(({ node, lot }) => ({ node, rank: lot.next() }));
    const most = rule.nodes.any ?? drawn.length;
    const chosen = most < drawn.length ? drawn.toSorted((a, b) => a.rank - b.rank).slice(0, most) : drawn;
    yield* acts(chosen.map(({ node }) => node)).map((act) => ({ ...act, atMs }));
  }
}

/** How often a rule draws. */
export function timesDrawn({ repeat, atMs }: ScenarioFault, lastSendMs: number): number {
  return repeat === undefined ? 1 : Math.max(0, Math.floor((lastSendMs - atMs) / repeat.everyMs) + 1);
}

/** From T0 of its phase on, milliseconds. */
function* timesOf(rule: ScenarioFault, lastSendMs: number): Generator<number> {
  const { repeat, during } = rule;
  const fromMs = during === 'draining' ? lastSendMs : 0;
  const times = timesDrawn(rule, lastSendMs);
  for (let n = 0; n < times; n += 1) yield fromMs + rule.atMs + n * (repeat?.everyMs ?? 0);
}

/** What those do that were chosen this time. */
type Acts = (chosen: readonly string[]) => Omit<Hit, 'atMs'>[];

/** Each node draws whether it is hit, and does the same as the others. */
function alike(
  { kinds, repeat, wish }: ScenarioFault,
  among: readonly string[],
  nodes: ChosenNodes,
  { seed, number }: Chance,
): Acts {
  const odds = repeat?.odds ?? 1;
  const from = wish.from === undefined ? undefined : nodes.of(wish.from);
  const own = among.map((node) => {
    const others = from?.filter((other) => other !== node) ?? [];
    // Towards itself a node is not disturbed; without a name it would be towards all.
    const nobody = from !== undefined && others.length === 0;
    const acts = nobody ? [] : kinds.map((kind) => ({ node, kind, shape: shapeOf(kind, wish, others) }));
    return { node, acts, lot: new Lot(seed, 'odds', number, node) };
  });
  return (chosen) => {
    const taken = new Set(chosen);
    // All draw each time: who is chosen changes nothing of what others draw.
    return own.flatMap(({ node, acts, lot }) => (lot.oneIn(odds) && taken.has(node) ? acts : []));
  };
}

/** All draw together whether they are parted, and each does its own part. */
function parted(
  { path, repeat, wish, parting }: ScenarioFault,
  among: readonly string[],
  nodes: ChosenNodes,
  { seed, number }: Chance,
): Acts {
  if (parting === undefined) return () => [];
  const lot = new Lot(seed, 'odds', number);
  const parter = new Parter({ path, parting }, among, (refs) => nodes.of(refs), [seed, 'part', number]);
  return (chosen) => {
    const cuts = parter.next(chosen);
    if (!lot.oneIn(repeat?.odds ?? 1)) return [];
    return cuts.map(({ node, from, direction }) => ({
      ...{ node, kind: 'partition' },
      shape: shapeOf('partition', { ...wish, direction }, from),
    }));
  };
}
