import { join } from 'node:path';
import { loadPipeline, loadTextEncoder } from '../../models/folder/pipeline-folder.ts';
import { keepNetworks } from '../checkpoint/keep-networks.ts';
import { readRollout } from '../rollout/rollout-samples.ts';
import { makeTrainer } from '../make-trainer.ts';
import type { TuneSettings } from '../tune-settings.ts';
import { UNET } from '../generator/text-to-image.ts';
import { tune, type TuneContext } from '../tune.ts';

export interface TuneUnetSettings extends TuneSettings {
  /**
   * Weight of the tuned encoder's embeddings in the last K steps; the original's is 1 - blend. 1 is the paper's order;
   * with 0 the UNet is tuned under the original encoder and combined with the tuned one afterwards (fusion).
   */
  blend: number;
}

/** Tunes the UNet by the gradient of the rewards. The tuned encoder is frozen and used in both guidance branches. */
export async function run(
  context: TuneContext<TuneUnetSettings, 'shard' | 'rollout' | 'tune-encoder'>,
): Promise<void | 'checkpoint'> {
  const { config, seed, inputs } = context;
  const { learningRate, lora, blend } = config;
  const pipeline = await loadPipeline(config.model);
  const source = join(inputs['tune-encoder'], 'encoder', 'final');
  const encoder = blend === 0 ? undefined : { weights: await loadTextEncoder(source), source, blend };
  const watch = { shards: inputs.shard, scratch: context.scratch };
  const { trainer, alarm } = await makeTrainer(pipeline, config, [{ name: UNET, learningRate, lora }], {
    seed,
    encoder,
    watch,
  });
  return tune(context, {
    tuner: trainer,
    alarm,
    rollout: await readRollout(inputs.rollout),
    networks: [UNET],
    keep: keepNetworks(trainer, pipeline, [UNET]),
  });
}
