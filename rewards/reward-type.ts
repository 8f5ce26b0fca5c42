import type { ClipModels } from './files/clip-files.ts';
import type { RewardSpec, RewardModel } from './reward.ts';

/**
 * A type of reward: the only export of its file that the registry knows.
 * @example
 * ```ts
 * import { linear } from './engine/layers/layers.ts';
 * import { readWeights } from './engine/weights/weights.ts';
 * import type { RewardType } from './rewards/reward-type.ts';
 * import { withoutPrompt } from './rewards/reward.ts';
 *
 * // A linear layer on the mean color.
 * export const tint: RewardType = {
 *   async load({ name, model }) {
 *     const weights = await readWeights(model);
 *     return {
 *       ...withoutPrompt,
 *       weights: new Map([...weights].map(([key, tensor]) => [`${name}.${key}`, tensor])),
 *       scoreWithFeatures: (p, image) => linear(p.at(name), image.mean([1, 2]), 1).reshape([-1]),
 *     };
 *   },
 * };
 * ```
 */
export interface RewardType {
  /** Loads the weights. `models` shares CLIP models: one copy, however many rewards use it. */
  load(spec: RewardSpec, models: ClipModels): Promise<RewardModel>;
}
