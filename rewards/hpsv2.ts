import { clipScore } from './clip-model.ts';
import type { RewardType } from './reward-type.ts';

/** HPSv2 (Wu et al. 2023): 100 * cos of each picture with its own prompt; pictures are padded to a square. */
export const hpsv2: RewardType = {
  load: (spec, models) => clipScore(spec, models, { fit: 'pad' }, (cosine) => cosine.mul(100)),
};
