import { requireTensor } from '../engine/weights/required-tensor.ts';
import { lazyWeight, type Weights } from '../engine/weights/weights.ts';
import type { NetworkWeights } from './pipeline-program.ts';

/**
 * Weights on the line from a model's own network to a tuned one: theta0 + w (theta - theta0), for the own one's tensors.
 * This is one network, which a blend of two networks' embeddings is not.
 * @param weight w: 0 is the model's own, 1 the tuned one
 * @param model where the own network is from, for messages
 * @throws InputError that names a tensor that the tuned one lacks, or has in another shape
 */
export function interpolateWeights(tuned: NetworkWeights, original: Weights, weight: number, model: string): Weights {
  return new Map(
    [...original].map(([name, own]) => {
      const found = requireTensor(tuned.weights, name, own.shape, tuned.source, `as in ${model}`);
      return [name, weight === 1 ? found : lazyWeight(own.shape, () => mean(found.data, own.data, weight))];
    }),
  );
}

const mean = (a: Float32Array, b: Float32Array, share: number) => a.map((x, i) => share * x + (1 - share) * b[i]!);
