import type { LoadedPipeline } from '../models/pipeline.ts';
import { LORA_TARGETS, type LoraSettings } from '../models/lora.ts';
import type { SamplerSettings } from '../models/sampler.ts';
import { loadRewards } from '../rewards/registry.ts';
import type { RewardSpec } from '../rewards/reward.ts';
import { ADAMW } from './adamw.ts';
import type { PictureAugmentation } from './augmentation/picture.ts';
import { augmentPrompt, changesPrompts, type PromptAugmentation } from './augmentation/prompt.ts';
import type { GradientVariant } from './gradient-variants.ts';
import { textToImage, type TextToImageSettings, type TrainableNetwork } from './text-to-image.ts';
import { Trainer } from './trainer.ts';
import type { LoopSettings } from './tune.ts';

/** `lora` of a configuration: targets have a default for each network. */
export interface LoraOptions {
  rank: number;
  alpha?: number | undefined;
  targets?: readonly string[] | undefined;
}

/** What every tuning stage is told; but for the first three, all of it has a neutral value. */
export interface TuneSettings extends LoopSettings {
  model: string;
  sampler: SamplerSettings;
  /** With the stage's own weights. */
  rewards: RewardSpec[];
  weightDecay?: number | undefined;
  /** Largest global norm of a network's gradient. */
  gradientClip?: number | undefined;
  /** Weight of the squared distance of the parameters from the original ones. */
  weightPull?: number | undefined;
  /** Decay of the moving average that is kept in place of the parameters; 0 for none. */
  average?: number | undefined;
  lora?: LoraOptions | undefined;
  gradient?: GradientVariant | undefined;
  augment?: (PictureAugmentation & PromptAugmentation) | undefined;
}

/** A network to train, as a stage names it. */
export interface NetworkToTrain {
  name: TrainableNetwork;
  learningRate: number;
  lora?: LoraOptions | undefined;
}

/** The trainer of a stage. */
export async function makeTrainer(
  pipeline: LoadedPipeline,
  config: TuneSettings,
  networks: readonly NetworkToTrain[],
  { seed, embeddingPull = 0, encoder }: { seed: number; embeddingPull?: number } & Pick<TextToImageSettings, 'encoder'>,
): Promise<Trainer> {
  const { batch, sampler, augment, gradient, average = 0 } = config;
  const rewards = await loadRewards(config.rewards);
  return new Trainer(textToImage(pipeline, rewards, { batch, sampler, encoder, augmentation: augment }), {
    trained: networks.map(({ name, learningRate, lora }) => ({ name, learningRate, ...(lora ? { lora: complete(name, lora) } : {}) })), // prettier-ignore
    gradientSteps: sampler.gradientSteps,
    embeddingPull,
    optimizer: {
      ...ADAMW,
      weightDecay: config.weightDecay ?? 0,
      gradientClip: config.gradientClip ?? ADAMW.gradientClip,
    },
    seed,
    weightPull: config.weightPull ?? 0,
    ...(average > 0 ? { averageDecay: average } : {}),
    ...(gradient ? { gradient } : {}),
    ...(augment && changesPrompts(augment) ? { augmentPrompt: (prompt, stream) => augmentPrompt(prompt, augment, stream) } : {}), // prettier-ignore
  });
}

const complete = (network: TrainableNetwork, { rank, alpha = rank, targets }: LoraOptions): LoraSettings => ({
  rank,
  alpha,
  targets: targets ?? LORA_TARGETS[network],
});
