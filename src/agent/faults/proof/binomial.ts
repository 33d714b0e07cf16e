/** The natural logarithm of n! */
function logFactorial(n: number): number {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

/** The probability of exactly `k` of `n`, each with the probability `share`. */
function exactly(k: number, n: number, share: number): number {
  if (share <= 0) return k === 0 ? 1 : 0;
  if (share >= 1) return k === n ? 1 : 0;
  const ways = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Math.exp(ways + k * Math.log(share) + (n - k) * Math.log1p(-share));
}

/** The probability of `k` or fewer of `n`, each with the probability `share`; for some hundreds at most. */
export function atMost(k: number, n: number, share: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += exactly(i, n, share);
  return Math.min(1, sum);
}

/** The probability of `k` or more of `n`. */
export function atLeast(k: number, n: number, share: number): number {
  return atMost(n - k, n, 1 - share);
}
