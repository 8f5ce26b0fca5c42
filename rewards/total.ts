import { RunError } from '../common/errors.ts';
import type { Parameters } from '../engine/weights/parameters.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import type { LoadedReward, SharedFeatures } from './reward.ts';

/** Returns the weights of all rewards, to load under their common scope. */
export function rewardWeights(rewards: readonly LoadedReward[]): Weights {
  return new Map(rewards.flatMap((reward) => [...reward.weights]));
}

/**
 * Computes each reward's scores [B] of the pictures; features that rewards share are computed once.
 * @param image [B, H, W, 3] in [0, 1]
 * @param features prompt features by reward name; rewards that read no prompt need none
 */
export function scoreAll(
  rewards: readonly LoadedReward[],
  p: Parameters,
  image: Tensor,
  features: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const shared: SharedFeatures = new Map();
  const entries = rewards.map((reward) => [
    reward.name,
    reward.scoreWithFeatures(p, image, features[reward.name], shared),
  ]);
  return Object.fromEntries(entries) as Record<string, Tensor>;
}

/** sum_i gamma_i R_i (Alg. 1) for each picture: [B]. */
export function weightedSum(
  rewards: readonly Pick<LoadedReward, 'name' | 'weight'>[],
  scores: Readonly<Record<string, Tensor>>,
): Tensor {
  return tf.addN(rewards.map((reward) => scores[reward.name]!.mul(reward.weight)));
}

/**
 * Stops the run if a reward is not finite: RunError with the step, the prompt and the reward.
 * @param where the training step, if any, and the prompt of each score
 */
export function requireFiniteScores(
  scores: Readonly<Record<string, ArrayLike<number>>>,
  where: { step?: number; prompts: readonly string[] },
): void {
  for (const [name, values] of Object.entries(scores))
    for (let i = 0; i < values.length; i++)
      if (!Number.isFinite(values[i]))
        throw new RunError(
          `Reward "${name}" is ${values[i]}${where.step === undefined ? '' : ` at step ${where.step}`} for the prompt ` +
            `${JSON.stringify(where.prompts[i])}; the run stops here and the last good checkpoint stays. ` +
            "Check this reward's weights, or lower the learning rate.",
        );
}
