/** P and Q of log(1 + y) = P(y) / Q(y), from the highest power down. */
const numerator = [0.02589979117907922, 0.3808837741388407, 1.480000633576506, 2.112677543073053, 1, 0];
const denominator = [
  0.005875095403124574, 0.1546476374983906, 0.9864942958518959, 2.453006071784736, 2.612677543073109, 1,
];
const [log2, root2] = [Math.fround(Math.LN2), Math.fround(Math.SQRT2)];

/**
 * NumPy's natural logarithm of float32 numbers, whose last digits are not those of the exact one. DPM-Solver's timesteps
 * are cut to whole numbers, so that at a level of training a last digit decides between its own timestep and the one before.
 * @param x positive, normal, in float32
 */
export function float32Log(x: number): number {
  let exponent = Math.floor(Math.log2(x));
  let mantissa = x / 2 ** exponent;
  if (mantissa > root2) {
    exponent += 1;
    mantissa /= 2;
  }
  const y = mantissa - 1;
  // Fused, a product and a sum are rounded once.
  const horner = (factors: readonly number[]) => factors.reduce((sum, f) => Math.fround(sum * y + Math.fround(f)), 0);
  return Math.fround(exponent * log2 + Math.fround(horner(numerator) / horner(denominator)));
}
