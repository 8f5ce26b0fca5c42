/**
 * Kinds of a network's output: the noise, the velocity (Salimans and Ho, arXiv 2202.00512), the clean latents, a flow.
 */
export type Prediction = 'epsilon' | 'v_prediction' | 'sample' | 'flow_prediction';

/** A noise level, as the weights of the clean latents and the noise: z = signal x0 + noise epsilon. */
export interface Level {
  signal: number;
  noise: number;
}

/** A linear combination of the latents and the output: [0] z + [1] output. */
export type Linear = readonly [z: number, output: number];

export const plus = (a: Linear, b: Linear): Linear => [a[0] + b[0], a[1] + b[1]];
export const times = (a: Linear, factor: number): Linear => [a[0] * factor, a[1] * factor];

/** Returns the level for a product of alphas. */
export const levelOf = (alphaProduct: number): Level => ({
  signal: Math.sqrt(alphaProduct),
  noise: Math.sqrt(1 - alphaProduct),
});

/** Returns the clean latents that an output predicts. */
export function predictedClean(prediction: Prediction, { signal, noise }: Level): Linear {
  switch (prediction) {
    case 'epsilon':
      return [1 / signal, -noise / signal];
    case 'v_prediction':
      return [signal, -noise];
    case 'sample':
      return [0, 1];
    case 'flow_prediction':
      return [1, -noise];
  }
}

/** Returns the noise that an output predicts; no solver needs it for a flow. */
export function predictedNoise(prediction: Exclude<Prediction, 'flow_prediction'>, { signal, noise }: Level): Linear {
  switch (prediction) {
    case 'epsilon':
      return [0, 1];
    case 'v_prediction':
      return [noise, signal];
    case 'sample':
      return [1 / noise, -signal / noise];
  }
}
