/**
 * Returns the p-quantile of the symmetric beta distribution with both parameters `a`, like scipy.stats.beta.ppf(p, a,
 * a).
 * @param a in (0, 1]
 * @param p in [0, 1]
 */
export function betaQuantile(a: number, p: number): number {
  if (p > 0.5) return 1 - betaQuantile(a, 1 - p);
  // Below the middle lies half of the integral, and the density's series converges like a geometric one.
  const target = 2 * p * partOf(a, 0.5);
  let [low, high] = [0, 0.5];
  for (let i = 0; i < 200 && low < high; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (partOf(a, middle) < target) low = middle;
    else high = middle;
  }
  return p === 0 ? 0 : high;
}

/** Computes the integral of (t (1 - t))^(a - 1) from 0 to x <= 1/2, by the series of (1 - t)^(a - 1). */
function partOf(a: number, x: number): number {
  let term = 1;
  let sum = 0;
  for (let k = 0; term > 1e-18; k++) {
    sum += term / (a + k);
    term *= ((k + 1 - a) / (k + 1)) * x;
  }
  return x ** a * sum;
}
