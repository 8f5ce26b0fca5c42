import type { LoadedReward } from './reward.ts';

/** A reward that has an image embedding. */
export type Embedder = LoadedReward & Required<Pick<LoadedReward, 'embedding'>>;

/**
 * Chooses the reward whose image embedding tells pictures apart: the held-out reward, which nothing is trained to
 * please, or else the first reward that reads the prompt and has an embedding; undefined if there is none.
 * @param heldOut name of the held-out reward
 */
export function embedderAmong(rewards: readonly LoadedReward[], heldOut: string): Embedder | undefined {
  const able = rewards.filter((reward): reward is Embedder => reward.embedding !== undefined);
  return able.find(({ name }) => name === heldOut) ?? able.find(({ promptLength }) => promptLength > 0) ?? able[0];
}

/**
 * Measures diversity among the pictures of one prompt: the mean Euclidean distance over all pairs of unit embeddings, 0
 * for equal pictures and at most 2; NaN for a single picture.
 * @param embeddings [pictures, width], row-major
 */
export function meanPairwiseDistance(embeddings: Float32Array, width: number): number {
  const count = embeddings.length / width;
  let sum = 0;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < width; k++) square += (embeddings[i * width + k]! - embeddings[j * width + k]!) ** 2;
      sum += Math.sqrt(square);
    }
  return sum / ((count * (count - 1)) / 2);
}
