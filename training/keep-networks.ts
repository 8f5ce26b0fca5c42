import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWeights } from '../engine/weights.ts';
import { LORA_FILE, writeLora, type Lora } from '../models/lora-file.ts';
import type { LoadedPipeline } from '../models/pipeline.ts';
import { TEXT_ENCODER, UNET, type TrainableNetwork } from './text-to-image.ts';
import type { Trainer } from './trainer.ts';

/** Where a network lies: in the artifact of the stage that tuned it, and in a diffusers folder. */
const PLACES: Readonly<Record<TrainableNetwork, { artifact: string; model: string; file: string }>> = {
  [TEXT_ENCODER]: { artifact: 'encoder', model: 'text_encoder', file: 'model.safetensors' },
  [UNET]: { artifact: 'unet', model: 'unet', file: 'diffusion_pytorch_model.safetensors' },
};

/**
 * Writes what is trained, as it is now: `encoder/NAME/model.safetensors`, `unet/NAME/diffusion_pytorch_model.safetensors`.
 * Adapters are merged into these, and stand alone in `lora/NAME/pytorch_lora_weights.safetensors`. The last one, `final`, has its config.json beside it, so that transformers and diffusers load the folder.
 */
export const keepNetworks =
  (trainer: Trainer, pipeline: LoadedPipeline, networks: readonly TrainableNetwork[]) =>
  async (root: string, name: string): Promise<void> => {
    const lora: Lora = {};
    for (const network of networks) {
      const { artifact, model, file } = PLACES[network];
      const folder = join(root, artifact, name);
      await mkdir(folder, { recursive: true });
      if (name === 'final') await cp(join(pipeline.folder, model, 'config.json'), join(folder, 'config.json'));
      const { weights, adapters } = trainer.tuned(network);
      await writeWeights(join(folder, file), weights);
      if (adapters) lora[network] = adapters;
    }
    if (Object.keys(lora).length > 0) await writeLora(join(root, 'lora', name, LORA_FILE), lora);
  };
