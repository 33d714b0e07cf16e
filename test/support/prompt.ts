import assert from 'node:assert/strict';

/** A busy machine may hold up what comes at once by so much, in milliseconds. */
const heldUpMs = 5_000;

/**
 * Measures how long something takes, in milliseconds; it must be less than `mostMs`. A busy machine may hold up any
 * process for longer than that: what was late is measured again, twice at most. What is late by itself is late each time.
 */
export async function prompt(
  mostMs: number,
  what: string,
  measure: () => number | Promise<number>,
): Promise<void> {
  const took: number[] = [];
  do {
    const ms = Math.round(await measure());
    assert.ok(ms < mostMs + heldUpMs, `${what}: after ${ms} ms`);
    took.push(ms);
  } while ((took.at(-1) ?? 0) >= mostMs && took.length < 3);
  assert.ok(Math.min(...took) < mostMs, `${what}: after ${took.join(', ')} ms, never within ${mostMs} ms`);
}
