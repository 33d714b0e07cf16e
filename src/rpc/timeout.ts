/** `grpc-timeout`: at most 8 digits and a unit (doc/PROTOCOL-HTTP2.md). */

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
const largestAmount = 99_999_999;

/** Milliseconds of a `grpc-timeout` (0 when it has passed already); undefined when the text is not one. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = /^([0-9]{1,8})([HMSmun])$/.exec(text);
  const unit = unitMs[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/**
 * The `grpc-timeout` for a remaining time, in the finest unit that can hold it. Rounded down, so that a deadline
 * never grows on its way, but never to nothing.
 */
export function formatGrpcTimeout(remainingMs: number): string {
  for (const unit of ['u', 'm', 'S', 'M'] as const) {
    const amount = Math.floor(remainingMs / (unitMs[unit] ?? 1));
    if (amount <= largestAmount) return `${Math.max(1, amount)}${unit}`;
  }
  return `${Math.min(largestAmount, Math.floor(remainingMs / 3_600_000))}H`;
}
