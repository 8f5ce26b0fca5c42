import { float32, Program } from '../../engine/program/program.ts';
import { tf } from '../../engine/tensorflow.ts';
import type { PipelineParts } from '../folder/pipeline-folder.ts';
import { vaeEncode, vaeScalingFactor } from './vae.ts';

/**
 * Encodes pictures into latents: the means of the posterior, in the UNet's scale.
 * @param pictures [count, size, size, 3] in [0, 1]
 * @returns [count, h, w, C]
 */
export function encodeImages(
  { config: { vae }, weights }: PipelineParts,
  pictures: readonly Float32Array[],
  size: number,
): Float32Array[] {
  const program = new Program();
  program.entry('encode', { picture: float32(1, size, size, 3) }, ({ picture }, scope) => ({
    latents: vaeEncode(scope.parameters('vae'), vae, picture.mul(2).sub(1)).mean.mul(vaeScalingFactor(vae)),
  }));
  program.compile();
  program.load('vae', weights.vae);
  const latents = pictures.map((values) => {
    const picture = tf.tensor4d(values, [1, size, size, 3]);
    const { latents } = program.run('encode', { picture });
    const own = latents!.dataSync().slice() as Float32Array;
    tf.dispose([picture, latents!]);
    return own;
  });
  program.dispose();
  return latents;
}
