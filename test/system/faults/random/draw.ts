import { type Random, randomFrom } from '../../chaos/random.js';

/** The nodes of every plan. */
export const nodes = ['n-1', 'n-2', 'n-3', 'n-4', 'n-5'] as const;

/** A plan that a seed gives on a machine that can do some kinds of faults. */
export interface DrawnPlan {
  readonly seed: number;
  readonly ground: PlanGround;
  /** What the daemons do wrong on purpose, as `misbehave` of a scenario has it; empty: nothing. */
  readonly misbehave: Readonly<Record<string, number>>;
  /** Entries of `faults` of a scenario. */
  readonly faults: readonly Readonly<Record<string, unknown>>[];
  /** The same tests run before without faults. */
  readonly control: boolean;
}

type Wish = Readonly<Record<string, unknown>>;

const oftenEnough = (random: Random): number => 8 + random.below(12);
/** What daemons do wrong: what is done with one message hides nothing of what is done with another. */
const misdeeds: readonly ((random: Random) => Readonly<Record<string, number>>)[] = [
  () => ({}),
  () => ({}),
  (random) => ({ lose: oftenEnough(random) }),
  (random) => ({ double: oftenEnough(random) }),
  (random) => ({ corrupt: oftenEnough(random) }),
  (random) => ({ lose: oftenEnough(random), double: oftenEnough(random) }),
  (random) => ({ lose: oftenEnough(random), corrupt: oftenEnough(random) }),
];

/** Where a plan is executed: on this machine by relays, or in a lab by its kernel. */
export type PlanGround = 'local' | 'lab';

/** Kinds by the scope on which they act, with amounts by lot. */
const amounts: Readonly<Record<string, (random: Random) => Wish>> = {
  pause: () => ({}),
  kill: () => ({}),
  restart: () => ({}),
  clock: (random) => ({ clock: random.pick(['+2h', '-30m', '+10s']) }),
  link: () => ({}),
  partition: () => ({}),
  loss: (random) => ({ share: `${10 + random.below(40)}%` }),
  rate: (random) => ({ rate: `${20 + random.below(80)}KB` }),
  delay: (random) => ({ delay: `${20 + random.below(280)}ms`, jitter: '10ms' }),
  reset: () => ({}),
  stall: () => ({}),
  duplicate: (random) => ({ share: `${20 + random.below(60)}%` }),
  reorder: (random) => ({ share: `${20 + random.below(40)}%` }),
  interface: () => ({}),
};
/** Kinds that are the same in a lab as elsewhere. */
const ofDaemons: ReadonlySet<string> = new Set(['kill', 'restart', 'clock']);
/** Some seconds of the time in which messages are sent, and some of the times before and after. */
const phases = ['running', 'running', 'running', 'running', 'joining', 'draining'] as const;

/**
 * Draws a plan: the same seed gives the same where the same can be done.
 * @param able `KIND SCOPE` of all that can be done here without touching what is not ours
 */
export function drawPlan(seed: number, able: ReadonlySet<string>, ground: PlanGround = 'local'): DrawnPlan {
  const way = ground === 'lab' ? 'kernel' : 'userspace';
  const random = randomFrom(seed * 7919);
  const misbehave = random.pick(misdeeds)(random);
  const control = random.below(4) === 0;
  const wishes = [...able].sort().filter((one) => {
    const [kind = ''] = one.split(' ');
    return amounts[kind] !== undefined && !(ground === 'lab' && ofDaemons.has(kind));
  });
  const among = [...nodes];
  const faults: Wish[] = [];
  if (able.has('partition daemon') && random.below(2) === 0) faults.push(parting(random, way));
  const count = 2 + random.below(3);
  while (faults.length < count && wishes.length > 0) {
    const [kind = '', scope = ''] = random.pick(wishes).split(' ');
    const [node = ''] = among.splice(random.below(among.length), 1);
    // Of a network of nodes that cannot be reached nobody says whether it is parted, too.
    const isNetwork = !['pause', 'kill', 'restart', 'clock', 'link'].includes(kind);
    faults.push({
      ...{ kind, nodes: node, ...times(random, kind !== 'restart') },
      ...(amounts[kind]?.(random) ?? {}),
      ...(isNetwork ? { scope, way } : {}),
    });
  }
  return { seed, ground, misbehave, faults, control };
}

function parting(random: Random, way: string): Wish {
  const [one, other] = [random.pick(nodes.slice(0, 2)), random.pick(nodes.slice(2))];
  const partition = random.pick<unknown>([
    { halves: true },
    { one: true },
    { ring: true },
    { bridge: true },
    { 'one-way': { from: one, to: other } },
  ]);
  return { partition, way, ...times(random, true) };
}

function times(random: Random, lasts: boolean): Wish {
  const during = random.pick(phases);
  const at = `${during === 'running' ? random.below(3_500) : random.below(800)}ms`;
  return { during, at, ...(lasts ? { for: `${800 + random.below(2_200)}ms` } : {}) };
}

/** The plan as a scenario. */
export function scenarioText({ seed, ground, misbehave, faults, control }: DrawnPlan): string {
  const about = {
    name: `plan-${seed}`,
    provider: ground,
    nodes: Object.fromEntries(
      nodes.map((node) => [node, Object.keys(misbehave).length === 0 ? {} : { daemon: { misbehave } }]),
    ),
    groups: { chat: { tests: { ping: { type: 'text', size: '200B', interval: '100ms', amount: 50 } } } },
    faults,
    control: control ? { amount: 10, interval: '100ms' } : false,
    ...{ arm: '2s', settle: '5s' },
  };
  return `${JSON.stringify(about, null, 1)}\n`;
}
