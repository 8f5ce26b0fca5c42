import { readSplit } from '../../datasets/shards/shards.ts';
import { loadPipeline } from '../../models/folder/pipeline-folder.ts';
import type { StageBody } from '../../pipeline/stage.ts';
import { DirectTuner } from '../baselines/direct-tuner.ts';
import { picturesOf, realLatents } from '../baselines/real-pictures.ts';
import { keepNetworks } from '../checkpoint/keep-networks.ts';
import { makeTrainer } from '../make-trainer.ts';
import type { TuneSettings } from '../tune-settings.ts';
import { TEXT_ENCODER } from '../generator/text-to-image.ts';
import { tune } from '../tune.ts';

export interface DirectSettings extends TuneSettings {
  /**
   * An embedded world (renders of the training prompts), or a folder of PNG files with metadata.jsonl: {"file_name", "text"}.
   */
  pictures: string;
  /** Number of pictures used. */
  count: number;
}

/**
 * The baseline of the paper's section 3.2.1: tunes the encoder on x0 predicted in one step from noised real pictures.
 */
export const run: StageBody<DirectSettings, 'shard'> = async (context) => {
  const { config, seed, inputs } = context;
  const { learningRate, lora } = config;
  const pipeline = await loadPipeline(config.model);
  const prompts = await readSplit(inputs.shard, 'train', config.count);
  const pictures = await picturesOf(config.pictures, prompts, config.count, seed);
  // One evaluation, without guidance: the prediction that the network was trained to make.
  const unguided = { ...config, sampler: { ...config.sampler, guidance: 1 }, gradient: undefined };
  const { trainer, generator } = await makeTrainer(pipeline, unguided, [{ name: TEXT_ENCODER, learningRate, lora }], {
    seed,
    ownSteps: true,
  });
  await tune(context, {
    tuner: new DirectTuner({ trainer, generator, scheduler: pipeline.config.scheduler, seed }),
    rollout: realLatents(pictures, pipeline),
    networks: [TEXT_ENCODER],
    keep: keepNetworks(trainer, pipeline, [TEXT_ENCODER]),
  });
};
