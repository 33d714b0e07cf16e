import type { StoredResult } from '../../../../src/bus/read-results.js';
import type { RunFacts, Verdict } from '../../../../src/controller/judging/judgement.js';
import { randomFrom } from '../../../system/chaos/random.js';
import { damageSheet, misreport, toldOfFaults } from './damage.js';
import { layerKinds } from './layer-plants.js';
import { makeWorld } from './make-world.js';
import { Planter, kinds as troubleKinds } from './plants.js';
import { seal, stream } from './seal.js';
import { type TrueLayers, trueLayers } from './true-layers.js';
import { type About, membersOf, type TrueSend, type World } from './world.js';

/** What a run has shown, as whoever made it knows. */
export interface Truth {
  /** `trouble test sender#seq receiver`, sorted. */
  readonly troubles: readonly string[];
  readonly verdict: Verdict;
  /** By fault. */
  readonly proofs: Readonly<Record<string, string>>;
  /** Of runs of which all records are whole. */
  readonly counts:
    | { readonly expected: number; readonly delivered: number; readonly replayed: number }
    | undefined;
  readonly displacement: number;
  /** Of runs of which all records are whole, though some last readings may not be: `test sender receiver`. */
  readonly layers: TrueLayers | undefined;
}

/** A run and the truth about it. */
export interface History {
  readonly facts: RunFacts;
  readonly results: readonly StoredResult[];
  readonly truth: Truth;
  readonly kinds: readonly string[];
}

const kinds = { ...troubleKinds, ...layerKinds };
const kindNames = Object.keys(kinds).filter((name): name is keyof typeof kinds => name in kinds);

/** The run of a seed: the same seed makes the same run. One in four is left as it is. */
export function historyOf(seed: number): History {
  const random = randomFrom(seed * 7_919 + 1);
  let world = makeWorld(random);
  const done: string[] = [];
  const isClean = random.below(4) === 0;
  const misreported = isClean || random.below(4) > 0 ? undefined : misreport(world, random);
  if (misreported !== undefined) {
    world = misreported.world;
    done.push(`misreported as ${misreported.proof}`);
  }
  for (const sheet of world.sheets) {
    if (isClean || random.below(8) > 0) continue;
    damageSheet(world, sheet, random);
    done.push(`${sheet.damage?.kind} ${sheet.node} ${sheet.test.test}`);
  }
  if (misreported === undefined) world = toldOfFaults(world);
  const planter = new Planter(world, random);
  const plants = isClean ? 0 : random.below(8);
  for (let count = 0; count < plants; count++) {
    const kind = random.pick(kindNames);
    kinds[kind](planter);
    done.push(kind);
  }
  const proofs = world.plan.faults.map(({ fault }) => [fault, misreported?.proof ?? 'confirmed']);
  const isWhole = world.sheets.every(({ damage }) => damage === undefined);
  const isReadable = world.sheets.every(({ damage }) => damage === undefined || damage.kind === 'unread');
  const troubles = [...planter.planted, ...otherTroubles(world, planter)].sort();
  const isDoubtful = !isWhole || misreported !== undefined;
  return {
    facts: world.facts,
    results: stream(world, random),
    truth: {
      troubles,
      verdict: isFailed(world, troubles) ? 'fail' : isDoubtful ? 'unknown' : 'pass',
      proofs: Object.fromEntries(proofs),
      counts: isWhole ? countsOf(world, troubles) : undefined,
      displacement: planter.displacement,
      layers: isReadable ? trueLayers(world, troubles) : undefined,
    },
    kinds: done,
  };
}

function isFailed({ plan }: World, troubles: readonly string[]): boolean {
  const always = ['lost', 'vanished', 'corrupt', 'unexpected', 'duplicated'];
  const byRule = (['late', 'reordered'] as const).filter((name) => plan.rules[name] === 0);
  return [...always, ...byRule].some((name) => troubles.some((one) => one.startsWith(`${name} `)));
}

function countsOf(world: World, troubles: readonly string[]): NonNullable<Truth['counts']> {
  const owed = world.sends
    .filter(({ fate, test }) => fate === 'ok' && test.workload.type !== 'call')
    .map(({ test }) => membersOf(world.plan, test).length - 1);
  const expected = owed.reduce((sum, one) => sum + one, 0);
  const lost = troubles.filter((one) => one.startsWith('lost ')).length;
  return { expected, delivered: expected - lost, replayed: world.replays };
}

/** What is to be said where nothing was planted: by what the records say after all damage. */
function otherTroubles(world: World, planter: Planter): string[] {
  const found: string[] = [];
  const left = new Map(
    world.sheets.map((sheet) => {
      const abouts = seal(sheet).flatMap(({ about }) => (about === undefined ? [] : [keyOf(about)]));
      return [sheet, new Set(abouts)];
    }),
  );
  for (const send of world.sends) {
    if (send.test.workload.type === 'call') continue;
    const { test, sender, seq, fate } = send;
    const own = leftOf(world, left, send, sender);
    const isMeant = own.has(keyOf({ sender, seq, way: 'intent' }));
    const isEnded = own.has(keyOf({ sender, seq, way: 'outcome' }));
    for (const receiver of membersOf(world.plan, test)) {
      if (receiver === sender || planter.isPlanted(send, receiver)) continue;
      const there = leftOf(world, left, send, receiver);
      const came = (['live', 'replay', 'final'] as const).some((way) =>
        there.has(keyOf({ sender, seq, way })),
      );
      const name = `${test.test} ${sender}#${seq} ${receiver}`;
      if (isEnded && fate === 'ok' && !(came && isMeant)) found.push(`unknown ${name}`);
      if (isEnded && isMeant && fate !== 'ok' && came) found.push(`recovered ${name}`);
    }
  }
  return found;
}

function leftOf(
  world: World,
  left: ReadonlyMap<World['sheets'][number], ReadonlySet<string>>,
  { test }: TrueSend,
  node: string,
): ReadonlySet<string> {
  const sheet = world.sheets.find((one) => one.test === test && one.node === node);
  return (sheet === undefined ? undefined : left.get(sheet)) ?? new Set();
}

function keyOf({ sender, seq, way }: About): string {
  return `${sender} ${seq} ${way}`;
}
