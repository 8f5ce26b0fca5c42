import { conv2d, groupNormSilu } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { downsample, repeatRows, resnetBlock, upsample } from '../blocks.ts';
import { spread } from '../folder/network-config.ts';
import type { UnetConfig } from './unet-config.ts';
import { timeEmbedding } from './timestep.ts';
import { spatialTransformer } from './unet-transformer.ts';

export type { UnetConfig };

export interface UnetInputs {
  /** Noisy latents. [B, h, w, in_channels] */
  sample: Tensor;
  /** float32 [B], 0 .. 999, or [1] if all are equal */
  timestep: Tensor;
  /**
   * Hidden states of n prompts for each latent: first all first prompts, then all second ones. [n B, T,
   * cross_attention_dim]
   */
  context: Tensor;
}

/**
 * diffusers' UNet2DConditionModel: predicts the noise in `sample` (or the velocity, as trained). -> [n B, h, w,
 * out_channels]. The part before a latent first attends to its prompts is computed once for all of them.
 */
export function unet2dCondition(p: Parameters, config: UnetConfig, { sample, timestep, context }: UnetInputs): Tensor {
  const { block_out_channels: widths, norm_num_groups: groups, norm_eps: epsilon } = config;
  const blocks = widths.length;
  const layers = spread(config.layers_per_block, blocks);
  const heads = spread(config.attention_head_dim, blocks);
  const transformerLayers = spread(config.transformer_layers_per_block ?? 1, blocks);
  const time = timeEmbedding(p.at('time_embedding'), config, timestep);

  const resnet = (scope: Parameters, i: number, x: Tensor, level: number): Tensor =>
    resnetBlock(scope.at('resnets').at(i), x, { out: widths[level]!, groups, epsilon, time });
  const transformer = (scope: Parameters, i: number, x: Tensor, level: number): Tensor =>
    spatialTransformer(scope.at('attentions').at(i), x, {
      context,
      heads: heads[level]!,
      layers: transformerLayers[level]!,
      groups,
      linearProjection: config.use_linear_projection ?? false,
    });

  let x = conv2d(p.at('conv_in'), sample, widths[0]!);
  const skips = [x];

  for (let level = 0; level < blocks; level++) {
    const block = p.at('down_blocks').at(level);
    for (let i = 0; i < layers[level]!; i++) {
      x = resnet(block, i, x, level);
      if (config.down_block_types[level] === 'CrossAttnDownBlock2D') x = transformer(block, i, x, level);
      skips.push(x);
    }
    if (level < blocks - 1) {
      x = downsample(block.at('downsamplers.0'), x, config.downsample_padding ?? 1);
      skips.push(x);
    }
  }

  const middle = p.at('mid_block');
  x = resnet(middle, 0, x, blocks - 1);
  x = transformer(middle, 0, x, blocks - 1);
  x = resnet(middle, 1, x, blocks - 1);

  for (let level = blocks - 1; level >= 0; level--) {
    const index = blocks - 1 - level;
    const block = p.at('up_blocks').at(index);
    for (let i = 0; i <= layers[level]!; i++) {
      x = resnet(block, i, tf.concat([x, repeatRows(skips.pop()!, x.shape[0]!)], 3), level);
      if (config.up_block_types[index] === 'CrossAttnUpBlock2D') x = transformer(block, i, x, level);
    }
    // To the size of the next skip connection: twice the size, except for latents of an odd size.
    if (level > 0) x = upsample(block.at('upsamplers.0'), x, skips.at(-1)!.shape.slice(1, 3) as [number, number]);
  }

  x = groupNormSilu(p.at('conv_norm_out'), x, groups, epsilon);
  return conv2d(p.at('conv_out'), x, config.out_channels);
}
