import { checkpoint } from '../../engine/activation-checkpoint.ts';
import { attention, conv2d, groupNorm, groupNormSilu, linear } from '../../engine/layers/layers.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { downsample, resnetBlock, upsample } from '../blocks.ts';
import { vaeScalingFactor, type VaeConfig } from './vae-config.ts';

export { vaeScale, vaeScalingFactor, type VaeConfig } from './vae-config.ts';

/** Epsilon of the VAE's group norms, for any configuration. */
const EPSILON = 1e-6;

/**
 * diffusers' AutoencoderKL.decode.
 * @param z the VAE's own latents (the diffusion model's divided by the scaling factor). [B, h, w, latent_channels]
 * @returns pictures, about -1 to 1. [B, H, W, out_channels]
 */
export function vaeDecode(p: Parameters, config: VaeConfig, z: Tensor): Tensor {
  const { norm_num_groups: groups, latent_channels, layers_per_block } = config;
  const widths = config.block_out_channels.toReversed();
  const decoder = p.at('decoder');

  let x = config.use_post_quant_conv !== false ? conv2d(p.at('post_quant_conv'), z, latent_channels, { kernel: 1 }) : z;
  x = conv2d(decoder.at('conv_in'), x, widths[0]!);
  x = middleBlock(decoder.at('mid_block'), config, x);
  widths.forEach((out, level) => {
    const block = decoder.at('up_blocks').at(level);
    for (let i = 0; i <= layers_per_block; i++) x = decoderBlock(block.at('resnets').at(i), x, out, groups);
    if (level < widths.length - 1) x = upsample(block.at('upsamplers.0'), x);
  });
  x = groupNormSilu(decoder.at('conv_norm_out'), x, groups, EPSILON);
  return conv2d(decoder.at('conv_out'), x, config.out_channels);
}

/** Decodes a diffusion model's latents into pictures. z [B, h, w, C] -> [B, H, W, 3] in [0, 1] */
export function vaePicture(p: Parameters, config: VaeConfig, z: Tensor): Tensor {
  return vaeDecode(p, config, z.div(vaeScalingFactor(config)))
    .mul(0.5)
    .add(0.5)
    .clipByValue(0, 1);
}

/**
 * Smallest number of activations at which the inside of a block is recomputed for its gradient: at 512 pixels, the
 * first convolutions of the last nine blocks.
 */
const LARGE = 2 ** 23;

function decoderBlock(p: Parameters, x: Tensor, out: number, groups: number): Tensor {
  const block = (p: Parameters, x: Tensor) => resnetBlock(p, x, { out, groups, epsilon: EPSILON });
  const isLarge = x.shape[1]! * x.shape[2]! * out >= LARGE;
  return isLarge ? checkpoint(p, [x], block) : block(p, x);
}

/**
 * diffusers' AutoencoderKL.encode: the posterior over the VAE's own latents, a diagonal Gaussian.
 * @param image -1 to 1. [B, H, W, in_channels]
 * @returns mean and logarithm of the variance. [B, h, w, latent_channels] each
 */
export function vaeEncode(p: Parameters, config: VaeConfig, image: Tensor): { mean: Tensor; logvar: Tensor } {
  const { norm_num_groups: groups, latent_channels, layers_per_block, block_out_channels: widths } = config;
  const encoder = p.at('encoder');

  let x = conv2d(encoder.at('conv_in'), image, widths[0]!);
  widths.forEach((out, level) => {
    const block = encoder.at('down_blocks').at(level);
    for (let i = 0; i < layers_per_block; i++)
      x = resnetBlock(block.at('resnets').at(i), x, { out, groups, epsilon: EPSILON });
    if (level < widths.length - 1) x = downsample(block.at('downsamplers.0'), x, 0);
  });
  x = middleBlock(encoder.at('mid_block'), config, x);
  x = groupNormSilu(encoder.at('conv_norm_out'), x, groups, EPSILON);
  x = conv2d(encoder.at('conv_out'), x, 2 * latent_channels);
  if (config.use_quant_conv !== false) x = conv2d(p.at('quant_conv'), x, 2 * latent_channels, { kernel: 1 });
  const [mean, logvar] = tf.split(x, 2, 3) as [Tensor, Tensor];
  return { mean, logvar: logvar.clipByValue(-30, 20) };
}

/** diffusers' UNetMidBlock2D: ResNet block, one-head attention among the pixels, ResNet block. */
function middleBlock(p: Parameters, config: VaeConfig, x: Tensor): Tensor {
  const options = { out: x.shape[3]!, groups: config.norm_num_groups, epsilon: EPSILON };
  x = resnetBlock(p.at('resnets.0'), x, options);
  if (config.mid_block_add_attention !== false) x = x.add(pixelAttention(p.at('attentions.0'), x, options.groups));
  return resnetBlock(p.at('resnets.1'), x, options);
}

function pixelAttention(p: Parameters, x: Tensor, groups: number): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const normal = groupNorm(p.at('group_norm'), x, groups, EPSILON).reshape([batch, height * width, channels]);
  const project = (name: string) => linear(p.at(name), normal, channels);
  const y = attention(project('to_q'), project('to_k'), project('to_v'), 1);
  return linear(p.at('to_out.0'), y, channels).reshape([batch, height, width, channels]);
}
