import { tf } from '../../../engine/tensorflow.ts';
import type { LoadedPipeline } from '../../../models/folder/pipeline-folder.ts';
import { PipelineProgram } from '../../../models/pipeline-program.ts';
import { startNoise } from '../../../models/sampling/noise.ts';
import { vaeScale } from '../../../models/vae/vae.ts';
import { SAMPLING_STEPS } from '../networks/noise-levels.ts';

const BATCH = 48;

/**
 * Samples a picture for each prompt in 8 steps. [side, side, 3] in [0, 1]
 * @param guidance scale of classifier-free guidance
 * @param ids what draws each picture's noise: equal for pictures to compare
 */
export function samplePictures(
  pipeline: LoadedPipeline,
  prompts: readonly string[],
  guidance: number,
  ids: readonly string[] = prompts,
): Float32Array[] {
  const { sample_size: cells, in_channels: channels } = pipeline.config.unet;
  const shape = [cells, cells, channels] as [number, number, number];
  const values = (cells * vaeScale(pipeline.config.vae)) ** 2 * 3;
  const model = new PipelineProgram(pipeline, { batch: BATCH, height: cells, width: cells, guidance });
  const pictures: Float32Array[] = [];
  for (let start = 0; start < prompts.length; start += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, i) => prompts[start + i] ?? '');
    const noise = tf.tensor4d(
      Float32Array.from(batch.flatMap((_, i) => Array.from(startNoise(1, ids[start + i] ?? '', 0, shape)))),
      [BATCH, ...shape],
    );
    const conditioning = model.encode(batch, '', pipeline.weights.textEncoder, 'base');
    const all = model.decode(model.denoise(noise, SAMPLING_STEPS, () => conditioning)).dataSync() as Float32Array;
    for (let i = 0; i < Math.min(BATCH, prompts.length - start); i++)
      pictures.push(all.slice(i * values, (i + 1) * values));
  }
  model.dispose();
  return pictures;
}
