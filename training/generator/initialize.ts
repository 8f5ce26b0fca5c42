import { product } from '../../common/product.ts';
import { RandomStream } from '../../common/random.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/**
 * Initializes parameters with these names and file shapes. Matrices and kernels are uniform within 1 / sqrt(fan-in),
 * torch's default for linear and convolution layers; token and position embeddings are normal, large enough not to
 * drown in the first layers' outputs; norms start as the identity; CLIP's logit scale starts at 1 / 0.07.
 * @param zero parameters that start at zero: outputs of residual branches, so that a deep network starts shallow
 */
export function initialize(parameters: Map<string, number[]>, seed: number, zero?: RegExp): Weights {
  return new Map(
    [...parameters].map(([name, shape]) => {
      const data = zero?.test(name)
        ? new Float32Array(product(shape))
        : initial(name, shape, new RandomStream(seed, name));
      return [name, { shape, data }];
    }),
  );
}

function initial(name: string, shape: number[], random: RandomStream): Float32Array {
  const count = product(shape);
  const zeros = new Float32Array(count);
  if (name.endsWith('logit_scale')) return zeros.fill(Math.log(1 / 0.07));
  if (name.endsWith('bias')) return zeros;
  if (/(token_embedding|text\.embedding)\.weight$/.test(name)) return random.normal(count).map((v) => v * 0.25);
  if (/(position_embedding\.weight|class_embedding)$/.test(name)) return random.normal(count).map((v) => v * 0.1);
  if (shape.length === 1) return zeros.fill(1);
  const bound = 1 / Math.sqrt(count / shape[0]!);
  return zeros.map(() => (2 * random.uniform() - 1) * bound);
}
