/** Distances between marks, milliseconds. */
const distances = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
  3_600_000, 7_200_000, 21_600_000, 86_400_000,
];

/** Marks of an axis that is `lengthMs` long, at most so many. */
export function marks(lengthMs: number, most: number): readonly number[] {
  const distance = distances.find((one) => lengthMs / one <= most) ?? lengthMs;
  return Array.from({ length: Math.floor(lengthMs / distance) + 1 }, (_, i) => i * distance);
}

/** Milliseconds since the beginning as `0:05`, `12:03`, `1:02:03`. */
export function clockOf(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3_600);
  const minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
