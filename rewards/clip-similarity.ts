import { clipScore } from './clip-model.ts';
import type { RewardType } from './reward-type.ts';

/** cos(I(x), T(p)) of a CLIPModel: the constraint that keeps the other rewards from being gamed. */
export const clipSimilarity: RewardType = {
  load: (spec, models) => clipScore(spec, models, { fit: 'crop' }, (cosine) => cosine),
};
