import assert from 'node:assert/strict';

/** Fails unless as many came of so many as a lot of this probability gives, but for one in ten thousand tries. */
export function assertLot(came: number, of: number, share: number): void {
  const mean = of * share;
  // 3.9 deviations of a normal distribution, which that of many lots is close to
  const most = 3.9 * Math.sqrt(of * share * (1 - share));
  assert.ok(Math.abs(came - mean) <= most, `${came} of ${of}, and about ${mean} ± ${most} were to`);
}
