import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { isFile, isFolder } from '../../common/files.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { loadTextEncoder, type LoadedPipeline } from '../folder/pipeline-folder.ts';
import { FOLDER_FILES, readLora } from './lora-file.ts';
import { mergeLora } from './lora.ts';

/** All names of adapters have it: lora_te_…, ….lora_A.weight, ….to_q_lora.down.weight. */
const adapterName = /lora/i;

/**
 * Loads a text encoder to use in place of a pipeline's own: a weight file or a folder with one, or adapters (LoRA) of the
 * pipeline's, which are merged into it.
 * @throws InputError for adapters of other networks, or of layers that the pipeline's encoder lacks or has in another shape
 */
export async function encoderFor(path: string, pipeline: LoadedPipeline): Promise<Weights> {
  if (await isFolder(path)) {
    const found = await Promise.all(FOLDER_FILES.map((name) => isFile(join(path, name))));
    if (!found.includes(true)) return loadTextEncoder(path);
  } else {
    const weights = await loadTextEncoder(path);
    if (![...weights.keys()].some((name) => adapterName.test(name))) return weights;
  }
  const { text_encoder: adapters, unet } = await readLora(path);
  if (!adapters || unet)
    throw new InputError(
      `${path} adapts ${adapters ? 'the UNet too' : 'the UNet'}; expected a text encoder, or adapters of one alone.`,
    );
  return mergeLora(pipeline.weights.textEncoder, adapters, path);
}
