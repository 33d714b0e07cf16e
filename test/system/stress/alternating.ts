import assert from 'node:assert/strict';
import { many, quantile } from './calls.js';

/** How a comparison is made. */
export interface Blocks {
  /** Blocks with and as many without the disturbance. */
  readonly blocks: number;
  readonly calls: number;
  readonly atOnce: number;
}

/**
 * 99th percentiles of call times, in milliseconds: medians over blocks of calls that alternate between undisturbed and
 * disturbed, so that what else the machine does meets both alike. `disturb` gives back what ends the disturbance.
 */
export async function compare(
  { blocks, calls, atOnce }: Blocks,
  call: () => Promise<number>,
  disturb: () => Promise<() => Promise<void>>,
): Promise<{ alone: number; disturbed: number }> {
  const alone: number[] = [];
  const disturbed: number[] = [];
  await many(calls, atOnce, call);
  for (let block = 0; block < blocks; block++) {
    alone.push(quantile(await many(calls, atOnce, call), 0.99));
    const calm = await disturb();
    disturbed.push(quantile(await many(calls, atOnce, call), 0.99));
    await calm();
  }
  return { alone: quantile(alone, 0.5), disturbed: quantile(disturbed, 0.5) };
}

/** Other calls may take twice as long and 20 ms more. */
export function assertUnmoved({ alone, disturbed }: { alone: number; disturbed: number }): void {
  const told = `p99 ${disturbed.toFixed(1)} ms, alone ${alone.toFixed(1)} ms`;
  assert.ok(disturbed < 2 * alone + 20, told);
}
