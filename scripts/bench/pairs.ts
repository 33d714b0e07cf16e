import { groupMicros } from './cpu.js';
import type { UnaryClient } from './load.js';
import type { RunningPostern } from './postern.js';

/** CPU time of hub, agent and NATS server for a call, in microseconds: plainly, and with what is to be weighed. */
export interface Pair {
  readonly plain: number;
  readonly laden: number;
}

/** One of the two that are compared. */
export interface Side {
  readonly postern: RunningPostern;
  /** Brings about what is to be weighed; what it gives ends that. */
  prepare?(): Promise<() => Promise<void>>;
}

/** So many calls of each side, twice, go before. */
const warmCalls = 5_000;
/** As in the benchmark of unary calls: 4 connections with 16 calls in flight each. */
const shape = { connections: 4, inFlight: 16, latencies: false };

/**
 * Makes the same number of calls on both sides in turns, the one that begins changing from pair to pair, so that what
 * else the machine does harms both alike. Throws what a call throws.
 */
export async function measurePairs(
  client: UnaryClient,
  sides: { readonly plain: Side; readonly laden: Side },
  length: { readonly pairs: number; readonly seconds: number },
  told: (line: string) => void,
): Promise<Pair[]> {
  const { plain, laden } = sides;
  const target = ({ postern: { address, metadata } }: Side) => ({ address, metadata });
  // What runs for the first time is compiled meanwhile.
  for (const side of [plain, laden, plain, laden]) await client.run(target(side), shape, warmCalls);
  const { amount, seconds } = await client.run(target(plain), shape, warmCalls);
  const calls = Math.ceil((amount / seconds) * length.seconds);
  const block = async (side: Side): Promise<number> => {
    const end = await side.prepare?.();
    const before = cpuOf(side.postern);
    await client.run(target(side), shape, calls);
    const micros = (cpuOf(side.postern) - before) / calls;
    await end?.();
    return micros;
  };
  const pairs: Pair[] = [];
  for (let at = 0; at < length.pairs; at++) {
    const first = await block(at % 2 === 0 ? plain : laden);
    const second = await block(at % 2 === 0 ? laden : plain);
    const pair = at % 2 === 0 ? { plain: first, laden: second } : { plain: second, laden: first };
    pairs.push(pair);
    told(`${calls} calls: ${pair.plain.toFixed(1)} and ${pair.laden.toFixed(1)} µs a call`);
  }
  return pairs;
}

function cpuOf({ groups }: RunningPostern): number {
  let sum = 0;
  for (const group of groups) {
    const micros = groupMicros(group);
    if (micros === undefined) throw new Error('without /proc the CPU time of other processes is not known');
    sum += micros;
  }
  return sum;
}

/** The median of how many times more a laden call costs. */
export function medianRatio(pairs: readonly Pair[]): number {
  const ratios = pairs.map(({ plain, laden }) => laden / plain).sort((a, b) => a - b);
  const middle = ratios.length / 2;
  const [lower, upper] = [ratios[Math.ceil(middle) - 1], ratios[Math.floor(middle)]];
  return lower === undefined || upper === undefined ? Number.NaN : (lower + upper) / 2;
}
