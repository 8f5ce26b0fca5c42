import { clipScore } from './clip-model.ts';
import { logitScale } from '../models/clip/clip.ts';
import type { RewardType } from './reward-type.ts';

/**
 * PickScore (Kirstain et al. 2023): exp(logit_scale) * cos, of each picture with its own prompt only. TextCraftor's
 * authors averaged over all pairs of a batch, so their numbers are not comparable with these.
 */
export const pickscore: RewardType = {
  load: (spec, models) => clipScore(spec, models, { fit: 'crop' }, (cosine, p) => cosine.mul(logitScale(p).exp())),
};
