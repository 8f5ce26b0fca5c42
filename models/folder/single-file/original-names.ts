/**
 * A single-file checkpoint of Stable Diffusion has the names of its training code (CompVis' latent diffusion):
 * `model.diffusion_model.*`, `first_stage_model.*`, `cond_stage_model.transformer.*`. These functions translate them
 * into diffusers' names.
 */

/** Prefixes of the parts' names. */
export const PREFIXES = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  otherVae: 'vae.',
  textEncoder: 'cond_stage_model.transformer.',
  openClip: 'cond_stage_model.model.',
} as const;

type Replacement = readonly [RegExp, string];
const replace = (name: string, replacements: readonly Replacement[]): string =>
  replacements.reduce((text, [from, to]) => text.replace(from, to), name);

const UNET_ENDS: readonly Replacement[] = [
  [/^time_embed\.0\./, 'time_embedding.linear_1.'],
  [/^time_embed\.2\./, 'time_embedding.linear_2.'],
  [/^input_blocks\.0\.0\./, 'conv_in.'],
  [/^out\.0\./, 'conv_norm_out.'],
  [/^out\.2\./, 'conv_out.'],
  [/^middle_block\.0\./, 'mid_block.resnets.0.'],
  [/^middle_block\.1\./, 'mid_block.attentions.0.'],
  [/^middle_block\.2\./, 'mid_block.resnets.1.'],
];
const UNET_RESNET: readonly Replacement[] = [
  ['in_layers.0', 'norm1'],
  ['in_layers.2', 'conv1'],
  ['emb_layers.1', 'time_emb_proj'],
  ['out_layers.0', 'norm2'],
  ['out_layers.3', 'conv2'],
  ['skip_connection', 'conv_shortcut'],
].map(([from, to]): Replacement => [new RegExp(`(\\.resnets\\.\\d+\\.)${from!.replace('.', '\\.')}\\.`), `$1${to}.`]);

/**
 * Returns diffusers' name of a UNet's tensor. The original numbers the blocks of all levels consecutively: each level
 * has `layers` ResNet blocks and a change of size on the way down, and one more ResNet block on the way up.
 * @param name without its prefix
 * @param layers layers_per_block
 */
export function unetName(name: string, layers: number): string {
  const [, side, number, part, rest] = /^(input|output)_blocks\.(\d+)\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (side === undefined || (side === 'input' && number === '0')) return replace(replace(name, UNET_ENDS), UNET_RESNET);
  const place = Number(number) - (side === 'input' ? 1 : 0);
  const [level, i] = [Math.floor(place / (layers + 1)), place % (layers + 1)];
  const block = `${side === 'input' ? 'down' : 'up'}_blocks.${level}`;
  if (side === 'input' && rest!.startsWith('op.')) return `${block}.downsamplers.0.conv.${rest!.slice('op.'.length)}`;
  if (side === 'output' && rest!.startsWith('conv.')) return `${block}.upsamplers.0.${rest}`;
  return replace(`${block}.${part === '0' ? 'resnets' : 'attentions'}.${i}.${rest}`, UNET_RESNET);
}

const VAE: readonly Replacement[] = [
  [/^(encoder|decoder)\.norm_out\./, '$1.conv_norm_out.'],
  [/\.mid\.block_1\./, '.mid_block.resnets.0.'],
  [/\.mid\.block_2\./, '.mid_block.resnets.1.'],
  [/\.mid\.attn_1\.norm\./, '.mid_block.attentions.0.group_norm.'],
  [/\.mid\.attn_1\.([qkv])\./, '.mid_block.attentions.0.to_$1.'],
  [/\.mid\.attn_1\.proj_out\./, '.mid_block.attentions.0.to_out.0.'],
  [/\.block\.(\d+)\./, '.resnets.$1.'],
  [/\.nin_shortcut\./, '.conv_shortcut.'],
  [/\.downsample\.conv\./, '.downsamplers.0.conv.'],
  [/\.upsample\.conv\./, '.upsamplers.0.conv.'],
];

/**
 * Returns diffusers' name of a VAE's tensor. diffusers counts the decoder's levels from the smallest size, the original
 * from the largest.
 * @param name without its prefix
 * @param levels number of block_out_channels
 */
export function vaeName(name: string, levels: number): string {
  const numbered = name
    .replace(/^encoder\.down\.(\d+)\./, 'encoder.down_blocks.$1.')
    .replace(/^decoder\.up\.(\d+)\./, (_, level) => `decoder.up_blocks.${levels - 1 - Number(level)}.`);
  return replace(numbered, VAE);
}
