import { errorText } from '../../src/errors.js';
import { CpuClock } from './cpu-clock.js';
import { LoopWatch } from './loop-watch.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import type { FuzzTarget } from './target.js';

/** No input may keep the loop busy for longer, in milliseconds of CPU. */
export const longestBlockMs = 50;
/** The heap may grow by this much between the middle and the end of a run, in bytes. */
const heapSlackBytes = 3 << 20;

/** What a run of one target found. */
export interface FuzzResult {
  readonly name: string;
  readonly seed: number;
  readonly inputs: number;
  readonly inputsPerSecond: number;
  /** CPU time of the worst input (of the worst batch's busiest stretch where inputs end later), milliseconds. */
  readonly worstMs: number;
  /** Bytes held after a collection, at the end less in the middle. */
  readonly grownBytes: number;
  /** What went wrong, with the input in hex; undefined: nothing. */
  readonly failure?: string;
}

/** Feeds `inputs` mutations of the target's seeds. `collect` collects garbage. */
export async function runTarget(
  name: string,
  target: FuzzTarget,
  inputs: number,
  seed: number,
  collect: () => void,
): Promise<FuzzResult> {
  const run = new Run(target, new Random(seed));
  const startedAt = performance.now();
  let middle = 0;
  let failure: string | undefined;
  try {
    for (const input of target.seeds) run.feed(input);
    await run.batch(inputs / 2);
    middle = await held(collect);
    await run.batch(inputs / 2);
  } catch (thrown) {
    failure = errorText(thrown);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const grownBytes = failure === undefined ? (await held(collect)) - middle : 0;
  if (grownBytes > heapSlackBytes) failure = `the heap has grown by ${grownBytes} bytes in the second half`;
  await target.close?.().catch((thrown: unknown) => {
    failure ??= `at the end: ${errorText(thrown)}`;
  });
  run.stop();
  return {
    name,
    seed,
    inputs: run.fed,
    inputsPerSecond: Math.round(run.fed / seconds),
    worstMs: Math.round(run.worstMs * 100) / 100,
    grownBytes,
    ...(failure === undefined ? {} : { failure }),
  };
}

class Run {
  fed = 0;
  worstMs = 0;
  readonly #target: FuzzTarget;
  readonly #random: Random;
  readonly #clock = new CpuClock();
  readonly #watch = new LoopWatch();

  constructor(target: FuzzTarget, random: Random) {
    this.#target = target;
    this.#random = random;
  }

  /** `count` more inputs. */
  async batch(count: number): Promise<void> {
    const size = this.#target.batch ?? 256;
    for (let left = Math.ceil(count); left > 0; left -= size) {
      const batch = Array.from({ length: Math.min(size, left) }, () =>
        mutate(this.#target.seeds, this.#random),
      );
      for (const input of batch) this.feed(input);
      await new Promise((resolve) => setImmediate(resolve));
      this.#watch.take();
      await this.#settle(batch);
    }
  }

  feed(input: Buffer): void {
    this.fed++;
    let busy = this.#once(input);
    // A collection or the compiler may have been at work: an input that is slow is slow again.
    for (let again = 0; busy > longestBlockMs && again < 3; again++) busy = Math.min(busy, this.#once(input));
    this.worstMs = Math.max(this.worstMs, busy);
    if (busy > longestBlockMs) throw new Error(`the loop was busy for ${busy} ms with ${hex(input)}`);
  }

  stop(): void {
    this.#watch.stop();
  }

  #once(input: Buffer): number {
    this.#clock.start();
    try {
      this.#target.feed(input);
    } catch (thrown) {
      throw new Error(`${errorText(thrown)}\ninput: ${hex(input)}`, { cause: thrown });
    }
    return this.#clock.elapsedMs();
  }

  /** What inputs cause later; a batch whose turns were long is fed again before it is blamed. */
  async #settle(batch: readonly Buffer[]): Promise<void> {
    const { settle } = this.#target;
    if (settle === undefined) return;
    for (let again = 0; ; again++) {
      try {
        await settle.call(this.#target);
      } catch (thrown) {
        throw new Error(`${errorText(thrown)}\nafter one of:\n${batch.map(hex).join('\n')}`, {
          cause: thrown,
        });
      }
      const busy = this.#watch.take();
      if (busy <= longestBlockMs || again === 3) {
        this.worstMs = Math.max(this.worstMs, busy);
        if (busy <= longestBlockMs) return;
        throw new Error(`a turn of the loop took ${busy} ms\n${batchEnd(batch)}`);
      }
      for (const input of batch) this.#target.feed(input);
    }
  }
}

function batchEnd(batch: readonly Buffer[]): string {
  return `after a batch of ${batch.length} that ends with ${hex(batch.at(-1) ?? Buffer.alloc(0))}`;
}

function hex(input: Buffer): string {
  return input.length > 2048 ? `${input.length} bytes` : input.toString('hex');
}

/** Bytes that are held after everything that can go has gone. */
async function held(collect: () => void): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
