import { linear, silu } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { UnetConfig } from './unet-config.ts';

/** Longest period of the sinusoids, as in "Attention is all you need", section 3.5. */
const MAX_PERIOD = 10000;

/** Computes sinusoids of the timestep at `width` / 2 frequencies. timestep float32 [B] -> [B, width] */
function sinusoids(
  timestep: Tensor,
  width: number,
  { flip_sin_to_cos, freq_shift }: Pick<UnetConfig, 'flip_sin_to_cos' | 'freq_shift'>,
): Tensor {
  const half = width / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(MAX_PERIOD) * i) / (half - freq_shift)),
  );
  const angles = timestep.reshape([-1, 1]).mul(tf.tensor2d(frequencies, [1, half]));
  return tf.concat(flip_sin_to_cos ? [angles.cos(), angles.sin()] : [angles.sin(), angles.cos()], 1);
}

/** Computes SiLU of the time embedding, an input of every ResNet block. timestep float32 [B] -> [B, 4 * first width] */
export function timeEmbedding(p: Parameters, config: UnetConfig, timestep: Tensor): Tensor {
  const width = config.block_out_channels[0]!;
  const hidden = silu(linear(p.at('linear_1'), sinusoids(timestep, width, config), 4 * width));
  return silu(linear(p.at('linear_2'), hidden, 4 * width));
}
