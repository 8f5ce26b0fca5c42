/** Applies a separable Gaussian blur to a mask, [side, side]; sigma in pixels, edges repeated. */
export function blur(mask: Float32Array, sigma: number, side: number): Float32Array {
  if (sigma < 0.05) return mask;
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const pass = (source: Float32Array, along: number, across: number): Float32Array => {
    const out = new Float32Array(source.length);
    for (let line = 0; line < side; line++) {
      for (let i = 0; i < side; i++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          const at = Math.min(side - 1, Math.max(0, i + k));
          sum += kernel[k + reach]! * source[line * across + at * along]!;
        }
        out[line * across + i * along] = sum / total;
      }
    }
    return out;
  };
  return pass(pass(mask, 1, side), side, 1);
}
