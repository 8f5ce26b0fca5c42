import { loadPipeline, loadTextEncoder } from '../../models/pipeline.ts';
import type { SamplerSettings } from '../../models/sampler.ts';
import type { StageBody } from '../../pipeline/stage.ts';
import { loadRewards } from '../../rewards/registry.ts';
import type { RewardSpec } from '../../rewards/reward.ts';
import { ADAMW } from '../adamw.ts';
import { keepNetworks } from '../keep-networks.ts';
import { readRollout } from '../rollout.ts';
import { TEXT_ENCODER, textToImage } from '../text-to-image.ts';
import { Trainer } from '../trainer.ts';
import { tune, type TuneSettings } from '../tune.ts';

export interface TuneEncoderSettings extends TuneSettings {
  model: string;
  sampler: SamplerSettings;
  rewards: RewardSpec[];
  /** A text encoder to start from (folder or safetensors file), by default the original one. That one stays the reference. */
  startFrom?: string | undefined;
  weightDecay: number;
  /** Largest global norm of the gradient. */
  gradientClip: number;
  /** Weight of the mean squared distance of the embeddings from the original ones. */
  embeddingPull: number;
}

/** Tunes the text encoder by the gradient of the rewards. */
export const run: StageBody<TuneEncoderSettings, 'shard' | 'rollout'> = async (context) => {
  const { config, seed, inputs } = context;
  const pipeline = await loadPipeline(config.model);
  const rewards = await loadRewards(config.rewards);
  const { batch, sampler, embeddingPull, weightDecay, gradientClip, startFrom } = config;
  const trainer = new Trainer(textToImage(pipeline, rewards, { batch, sampler }), {
    trained: [{ name: TEXT_ENCODER, learningRate: config.learningRate }],
    gradientSteps: sampler.gradientSteps,
    embeddingPull,
    optimizer: { ...ADAMW, weightDecay, gradientClip },
    seed,
  });
  await tune(context, {
    trainer,
    rollout: await readRollout(inputs.rollout),
    networks: [TEXT_ENCODER],
    async prepare() {
      if (startFrom !== undefined) trainer.program.load(TEXT_ENCODER, await loadTextEncoder(startFrom), startFrom);
    },
    keep: keepNetworks(trainer, pipeline, [TEXT_ENCODER]),
  });
};
