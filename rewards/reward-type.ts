import type { ClipModels } from './files/clip-files.ts';
import type { RewardSpec, RewardModel } from './reward.ts';

/** A type of reward: the one export of its file that the registry knows. */
export interface RewardType {
  /** Reads the weights. `models` gives CLIP models, one copy however many rewards use them. */
  load(spec: RewardSpec, models: ClipModels): Promise<RewardModel>;
}
