import type { SamplerSettings } from '../models/sampling/sampler-settings.ts';
import type { RewardSpec } from '../rewards/reward.ts';
import type { AlarmSettings } from './alarm/alarm.ts';
import type { PictureAugmentation } from './augmentation/picture.ts';
import { type PromptAugmentation } from './augmentation/prompt.ts';
import type { MomentType } from './optimizer/moments.ts';
import type { GradientSettings } from './gradient-variants/settings.ts';
import type { LoopSettings } from './tune.ts';

/** `lora` of a configuration. Targets have a default for each network. */
export interface LoraOptions {
  rank: number;
  alpha?: number | undefined;
  targets?: readonly string[] | undefined;
}

/** Settings that all tuning stages share. All but the first three are optional. */
export interface TuneSettings extends LoopSettings {
  model: string;
  sampler: SamplerSettings;
  /** With the stage's own weights. */
  rewards: RewardSpec[];
  /** The alarm's held-out reward, which is never trained on. */
  heldOut?: Pick<RewardSpec, 'type' | 'model' | 'head'> | undefined;
  /** Checks validation prompts during tuning; default: off. */
  alarm?: AlarmSettings | undefined;
  weightDecay?: number | undefined;
  optimizer?: { states: MomentType } | undefined;
  /** Largest global norm of a network's gradient. */
  gradientClip?: number | undefined;
  /** Weight of the squared distance of the parameters from the original ones. */
  weightPull?: number | undefined;
  /** Decay of the moving average that is kept instead of the parameters; 0 for none. */
  average?: number | undefined;
  lora?: LoraOptions | undefined;
  gradient?: GradientSettings | undefined;
  augment?: (PictureAugmentation & PromptAugmentation) | undefined;
}
