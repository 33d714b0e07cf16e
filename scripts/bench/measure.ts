import { groupMicros } from './cpu.js';
import type { Block, UnaryClient } from './load.js';
import { runStream } from './node-client.js';
import type { Path } from './paths.js';

/** One thing that is measured on every path. */
export interface Kind {
  readonly title: string;
  /** What is counted: `amount` of a block in units of this. */
  readonly unit: 'call' | 'MB';
  /** Units of `Block.amount` in one `unit`. */
  readonly scale: number;
  /** A first guess of how many calls or messages a path does in a second. */
  readonly guess: number;
  /** Does so many calls or messages. */
  run(path: Path, count: number): Promise<Block>;
}

/** What one block on one path has shown. */
export interface Sample {
  readonly kind: string;
  readonly path: string;
  readonly round: number;
  /** Units in a second. */
  readonly rate: number;
  /** Median and 99th percentile in milliseconds, where they were noted. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** CPU time for one unit in microseconds, by group of processes; undefined where it cannot be known. */
  readonly cpu: Readonly<Record<string, number | undefined>>;
}

/** How long it takes. */
export interface Length {
  readonly rounds: number;
  /** Seconds of one block, about. */
  readonly blockSeconds: number;
}

/** All that is measured. */
export function allKinds(client: UnaryClient): Kind[] {
  const calls = { unit: 'call', scale: 1, guess: 2_000 } as const;
  const unary = (inFlight: number, connections: number) => (path: Path, count: number) =>
    client.run(path, { connections, inFlight, latencies: connections === 1 }, count);
  const stream = (direction: 'down' | 'up') => (path: Path, count: number) =>
    runStream(path, direction, count);
  const messages = { unit: 'MB', scale: 1e6, guess: 1_000 } as const;
  return [
    { ...calls, title: 'unary, 64 in flight', run: unary(16, 4) },
    { ...calls, title: 'unary, 1 in flight', run: unary(1, 1) },
    { ...messages, title: 'stream to the client', run: stream('down') },
    { ...messages, title: 'stream to the server', run: stream('up') },
  ];
}

/**
 * Warms each path up and then takes turns between the paths, block by block, so that what else the machine does harms
 * all alike. Throws what a block throws.
 */
export async function measure(
  kinds: readonly Kind[],
  paths: readonly Path[],
  length: Length,
  told: (progress: string) => void,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const kind of kinds) {
    const counts = new Map<Path, number>();
    for (const path of paths) counts.set(path, await warmUp(kind, path, length.blockSeconds));
    for (let round = 1; round <= length.rounds; round++) {
      for (const path of paths) {
        const sample = await takeSample(kind, path, round, counts.get(path) ?? kind.guess);
        samples.push(sample);
        told(`${kind.title}, round ${round}, ${path.name}: ${Math.round(sample.rate)} ${kind.unit}/s`);
      }
    }
  }
  return samples;
}

/** Resolves to how many calls or messages fill a block. */
async function warmUp(kind: Kind, path: Path, blockSeconds: number): Promise<number> {
  let count = kind.guess * Math.min(1, blockSeconds);
  for (const share of [0.5, 1]) {
    const { seconds } = await kind.run(path, Math.max(1, Math.round(count)));
    count *= (share * blockSeconds) / seconds;
  }
  return Math.max(1, Math.round(count));
}

async function takeSample(kind: Kind, path: Path, round: number, count: number): Promise<Sample> {
  const before = path.groups.map(groupMicros);
  const block = await kind.run(path, count);
  const units = block.amount / kind.scale;
  const cpu: Record<string, number | undefined> = {
    client: block.clientMicros === undefined ? undefined : block.clientMicros / units,
  };
  path.groups.forEach((group, index) => {
    const [from, to] = [before[index], groupMicros(group)];
    cpu[group.name] = from === undefined || to === undefined ? undefined : (to - from) / units;
  });
  return {
    kind: kind.title,
    path: path.name,
    round,
    rate: units / block.seconds,
    p50: percentile(block.latencies, 0.5),
    p99: percentile(block.latencies, 0.99),
    cpu,
  };
}

/** In milliseconds; `sorted` is in microseconds, ascending. */
function percentile(sorted: readonly number[], share: number): number | undefined {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  const micros = sorted[at];
  return micros === undefined ? undefined : micros / 1000;
}
