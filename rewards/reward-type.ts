import type { ClipModels } from './files/clip-files.ts';
import type { RewardSpec, RewardModel } from './reward.ts';

/** A type of reward: the only export of its file that the registry knows. */
export interface RewardType {
  /** Loads the weights. `models` shares CLIP models: one copy, however many rewards use it. */
  load(spec: RewardSpec, models: ClipModels): Promise<RewardModel>;
}
