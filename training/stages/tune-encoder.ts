import { loadPipeline, loadTextEncoder } from '../../models/folder/pipeline-folder.ts';
import { keepNetworks } from '../checkpoint/keep-networks.ts';
import { readRollout } from '../rollout/rollout-samples.ts';
import { makeTrainer, type NetworkToTrain } from '../make-trainer.ts';
import type { TuneSettings, LoraOptions } from '../tune-settings.ts';
import { TEXT_ENCODER, UNET } from '../generator/text-to-image.ts';
import { tune, type TuneContext } from '../tune.ts';

export interface TuneEncoderSettings extends TuneSettings {
  /** Text encoder to start from (folder or safetensors file); default: the original, which remains the reference. */
  startFrom?: string | undefined;
  /** Weight of the mean squared distance of the embeddings from the original ones. */
  embeddingPull: number;
  /** Also trains the UNet. */
  joint?: { learningRate: number; lora?: LoraOptions | undefined } | undefined;
}

/** Tunes the text encoder by the gradient of the rewards, and with `joint` the UNet too. */
export async function run(
  context: TuneContext<TuneEncoderSettings, 'shard' | 'rollout'>,
): Promise<void | 'checkpoint'> {
  const { config, seed, inputs } = context;
  const { learningRate, lora, joint, embeddingPull, startFrom } = config;
  const pipeline = await loadPipeline(config.model);
  // Adapters are added to the encoder they start from; full tuning measures changes from the original one.
  if (startFrom !== undefined && lora) pipeline.weights.textEncoder = await loadTextEncoder(startFrom);
  const encoder: NetworkToTrain = { name: TEXT_ENCODER, learningRate, lora };
  const networks: NetworkToTrain[] = [encoder, ...(joint ? [{ name: UNET, ...joint } as const] : [])];
  const watch = { shards: inputs.shard, scratch: context.scratch };
  const { trainer, alarm } = await makeTrainer(pipeline, config, networks, { seed, embeddingPull, watch });
  const names = networks.map(({ name }) => name);
  return tune(context, {
    tuner: trainer,
    alarm,
    rollout: await readRollout(inputs.rollout),
    networks: names,
    async prepare() {
      if (startFrom !== undefined && !lora)
        trainer.startFrom(TEXT_ENCODER, await loadTextEncoder(startFrom), startFrom);
    },
    keep: keepNetworks(trainer, pipeline, names),
  });
}
