import type { FaultFact } from '../../../../src/controller/judging/judgement.js';
import type { Random } from '../../../system/chaos/random.js';
import { type Damage, membersOf, type Sheet, type World } from './world.js';

/** Damages what a node wrote of a test, and takes some messages out of it that nobody can then say anything about. */
export function damageSheet(world: World, sheet: Sheet, random: Random): void {
  const seqs = new Set([random.below(sheet.test.amount) + 1, random.below(sheet.test.amount) + 1]);
  const others = membersOf(world.plan, sheet.test).filter((node) => node !== sheet.node);
  const sender = others.length === 0 ? '' : random.pick(others);
  sheet.lines = sheet.lines.filter(({ about }) => about?.sender !== sender || !seqs.has(about.seq));
  // its last record comes on top
  const length = sheet.lines.length + 1;
  const from = random.below(length);
  const count = 1 + random.below(Math.max(1, Math.floor((length - from) / 2)));
  const damage = random.pick<Damage>([
    { kind: 'gap', from, count },
    { kind: 'torn', keep: 1 + random.below(length - 1) },
    { kind: 'damaged', from, count },
    { kind: 'altered', at: random.below(length - 1) },
    { kind: 'miscounted' },
    { kind: 'failed' },
    { kind: 'missing' },
    { kind: 'forked' },
    ...(sheet.test.workload.type === 'call' ? [] : [{ kind: 'unread' } as const]),
  ]);
  sheet.damage = damage;
  if (damage.kind !== 'unread') return;
  const isTold = random.below(2) === 0;
  sheet.lines = sheet.lines.flatMap((line) => {
    if (line.record.k !== 'final') return [line];
    return isTold ? [{ ...line, record: { ...line.record, complete: false } }] : [];
  });
}

/** The run when the controller was told of the faults of all nodes that have lost some of what they wrote. */
export function toldOfFaults(world: World): World {
  const told = world.faults
    .filter(({ node }) => world.sheets.some((sheet) => sheet.node === node && sheet.damage !== undefined))
    .map(({ fault, node, fromAt, toAt }): [string, FaultFact] => {
      const offset = world.offsets.get(node) ?? 0;
      const times = { injectedAtMs: fromAt - offset, healedAtMs: toAt - offset };
      return [fault, { state: 'healed', ...times, by: 'nft' }];
    });
  return {
    ...world,
    facts: { ...world.facts, faults: { ...Object.fromEntries(told), ...world.facts.faults } },
  };
}

/** Makes the node of the only fault say something else of it, and says what can be known then; undefined: nothing was done. */
export function misreport(
  world: World,
  random: Random,
): { readonly world: World; readonly proof: 'mismatch' | 'inconclusive' } | undefined {
  const [fault, ...others] = world.plan.faults;
  // What it held up must not be late by itself.
  if (fault === undefined || others.length > 0 || fault.forMs > 1_500) return undefined;
  const { fromAt = 0 } = world.faults[0] ?? {};
  const injectedAtMs = fromAt - (world.offsets.get(fault.node) ?? 0);
  const [proof, fact] = random.pick<['mismatch' | 'inconclusive', FaultFact | undefined]>([
    ['mismatch', undefined],
    ['mismatch', { state: 'refused', reason: 'it may not' }],
    ['mismatch', { state: 'missed' }],
    ['mismatch', { state: 'healed', injectedAtMs, healedAtMs: injectedAtMs + fault.forMs / 4, by: 'nft' }],
    ['inconclusive', { state: 'stuck', injectedAtMs, by: 'nft' }],
    ['inconclusive', { state: 'healed', injectedAtMs, healedAtMs: injectedAtMs + fault.forMs }],
  ]);
  for (const sheet of world.sheets) {
    sheet.lines = sheet.lines.filter(({ record }) => record.k !== 'note' || record.topic !== 'fault');
  }
  const faults = fact === undefined ? {} : { [fault.fault]: fact };
  // Where nobody told of its end, it excuses all that came later.
  const isOpen = fact?.injectedAtMs !== undefined && fact.healedAtMs === undefined;
  const acted = world.faults.map((one) => (isOpen ? { ...one, toAt: Number.POSITIVE_INFINITY } : one));
  return { world: { ...world, faults: acted, facts: { ...world.facts, faults } }, proof };
}
