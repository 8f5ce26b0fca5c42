/**
 * Noise schedules of diffusion as in diffusers' schedulers. They are in float32, like there, since later steps subtract
 * nearly equal numbers and look up timesteps by level.
 */
export const betaSchedules = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;

export interface NoiseSchedule {
  num_train_timesteps: number;
  beta_start: number;
  beta_end: number;
  beta_schedule: (typeof betaSchedules)[number];
  trained_betas: number[] | null;
  rescale_betas_zero_snr?: boolean;
}

/** Returns alpha_t, the product of 1 - beta up to and including each training timestep. Signal is its root. */
export function alphaProducts(schedule: NoiseSchedule): Float64Array {
  const given = schedule.trained_betas?.map(Math.fround) ?? betas(schedule);
  const products = cumulativeProducts(given.map((beta) => Math.fround(1 - beta)));
  if (!schedule.rescale_betas_zero_snr) return products;
  // Computed twice, since diffusers takes betas from the rescaled products and products from those betas.
  const rescaled = zeroTerminalSnr(products);
  const ratios = rescaled.map((product, i) => (i === 0 ? product : Math.fround(product / rescaled[i - 1]!)));
  return cumulativeProducts([...ratios].map((alpha) => Math.fround(1 - Math.fround(1 - alpha))));
}

/**
 * Returns betas: linear or, scaled, with linear square roots; or Nichol and Dhariwal's cosine (arXiv 2102.09672, eq.
 * 17).
 */
function betas({ num_train_timesteps: count, beta_start, beta_end, beta_schedule }: NoiseSchedule): number[] {
  if (beta_schedule === 'linear') return evenly(beta_start, beta_end, count);
  if (beta_schedule === 'scaled_linear')
    return evenly(Math.sqrt(beta_start), Math.sqrt(beta_end), count).map((root) => Math.fround(root * root));
  const signal = (t: number) => Math.cos((((t / count + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Array.from({ length: count }, (_, i) => Math.fround(Math.min(1 - signal(i + 1) / signal(i), 0.999)));
}

/**
 * torch.linspace in float32, which counts from both ends. On processors with AVX2 it rounds once for a product and a sum, as
 * here; on others it rounds twice, and a sigma that lies at a trained level can get the timestep before its own.
 */
function evenly(first: number, last: number, count: number): number[] {
  const [start, end] = [Math.fround(first), Math.fround(last)];
  const step = Math.fround(Math.fround(end - start) / Math.max(1, count - 1));
  const half = Math.floor(count / 2);
  return Array.from({ length: count }, (_, i) =>
    Math.fround(i < half || count === 1 ? start + step * i : end - step * (count - i - 1)),
  );
}

function cumulativeProducts(factors: readonly number[]): Float64Array {
  let product = 1;
  return Float64Array.from(factors, (factor) => Math.fround((product *= factor)));
}

/** Shifts and scales the signal so that it ends at 0 (Lin et al., arXiv 2305.08891, algorithm 1). */
function zeroTerminalSnr(products: Float64Array): Float64Array {
  const signal = products.map((product) => Math.fround(Math.sqrt(product)));
  const [first, last] = [signal[0]!, signal.at(-1)!];
  const scale = Math.fround(first / Math.fround(first - last));
  return signal.map((s) => {
    const shifted = Math.fround(Math.fround(s - last) * scale);
    return Math.fround(shifted * shifted);
  });
}
