import { join } from 'node:path';
import { requireTensors } from '../../models/folder/expected-tensors.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import { vaeScale } from '../../models/vae/vae-config.ts';
import { vaeEncoderTensors } from '../../models/vae/vae-tensors.ts';
import type { Config } from '../../pipeline/config/config.ts';
import { isWorldName } from '../../world/scenes/common/world-names.ts';
import { pictureList, requirePictures } from '../../training/baselines/picture-list.ts';

/**
 * Checks that the pictures to encode exist, and that the VAE has an encoder.
 * @throws InputError
 * @example
 * ```ts
 * import { inspectPictures } from './api/inspection/inspect-pictures.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 * import { readYaml } from './pipeline/config/config-file.ts';
 * import { configSchema } from './pipeline/config/config.ts';
 *
 * const config = configSchema.parse(await readYaml('my.yaml', 'The configuration'));
 * await inspectPictures(config, await loadPipeline(config.model));
 * ```
 */
export async function inspectPictures({ baselines, transfer }: Config, pipeline: LoadedPipeline): Promise<void> {
  const { vae, unet } = pipeline.config;
  const direct = baselines?.direct;
  if (direct || transfer?.unets.some(({ guide }) => guide === 'inpainting'))
    requireTensors(pipeline.weights.vae, vaeEncoderTensors(vae), join(pipeline.folder, 'vae'));
  if (direct && !isWorldName(direct.pictures))
    await requirePictures(await pictureList(direct.pictures, direct.count), unet.sample_size * vaeScale(vae));
}
