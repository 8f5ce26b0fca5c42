import { requireTensor } from '../engine/weights/required-tensor.ts';
import { lazyWeight, type Weights } from '../engine/weights/weights.ts';
import type { NetworkWeights } from './pipeline-program.ts';

/**
 * Interpolates between a model's own network and a tuned one: theta0 + w (theta - theta0), for the own network's
 * tensors. The result is a single network, unlike a blend of two networks' embeddings.
 * @param weight w: 0 for the model's own network, 1 for the tuned one
 * @param model origin of the own network, for messages
 * @throws InputError that names a tensor that the tuned network lacks or has in another shape
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
