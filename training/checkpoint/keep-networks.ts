import { join } from 'node:path';
import { LORA_FILE, writeLora, type Lora } from '../../models/lora/lora-file.ts';
import { saveTextEncoder, saveUnet } from '../../models/folder/network-folder.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { TEXT_ENCODER, type TrainableNetwork } from '../generator/text-to-image.ts';
import type { Trainer } from '../trainer.ts';

/**
 * Writes the trained networks in their current state to `encoder/NAME` and `unet/NAME`, folders that transformers and
 * diffusers load directly. Adapters are merged into them and also written separately, to
 * `lora/NAME/pytorch_lora_weights.safetensors`.
 */
export const keepNetworks =
  (
    trainer: Pick<Trainer, 'tuned'>,
    { config }: Pick<LoadedPipeline, 'config'>,
    networks: readonly TrainableNetwork[],
  ) =>
  async (root: string, name: string): Promise<void> => {
    const lora: Lora = {};
    for (const network of networks) {
      const { weights, adapters } = trainer.tuned(network);
      if (network === TEXT_ENCODER) await saveTextEncoder(join(root, 'encoder', name), config.textEncoder, weights);
      else await saveUnet(join(root, 'unet', name), config.unet, weights);
      if (adapters) lora[network] = adapters;
    }
    if (Object.keys(lora).length > 0) await writeLora(join(root, 'lora', name, LORA_FILE), lora);
  };
