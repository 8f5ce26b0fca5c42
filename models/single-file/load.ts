import { InputError } from '../../common/errors.ts';
import { lazyWeight, readWeights, type Weight, type Weights } from '../../engine/weights.ts';
import { canonicalTextNames } from '../names.ts';
import { readPipelineConfig, type PipelineParts } from '../pipeline.ts';
import { PREFIXES, unetName, vaeName } from './names.ts';
import { stableDiffusion1 } from './stable-diffusion-1.ts';

/** Whether these weights are those of a single-file checkpoint. */
export const isSingleFile = (weights: Weights): boolean =>
  [...weights.keys()].some((name) => name.startsWith(PREFIXES.unet));

/**
 * Reads a single-file checkpoint of Stable Diffusion (.safetensors, .ckpt) under diffusers' names. Its tensors stay in the
 * file until they are asked for. Averaged weights (`model_ema.*`) are left out, as diffusers does.
 * @param configFolder a diffusers folder, whose configuration files count; Stable Diffusion 1's if it is left out
 * @throws InputError when the file is none, or is not what the configuration says
 */
export async function loadSingleFile(path: string, configFolder?: string): Promise<PipelineParts> {
  const all = await readWeights(path);
  if (!isSingleFile(all))
    throw new InputError(
      `${path} is not a single-file checkpoint of Stable Diffusion: no tensor's name begins with ${PREFIXES.unet}`,
    );
  const config = configFolder === undefined ? stableDiffusion1() : await readPipelineConfig(configFolder);
  const { layers_per_block: layers } = config.unet;
  if (typeof layers !== 'number')
    throw new InputError(`${configFolder}: layers_per_block has to be one number for a single-file checkpoint.`);
  const part = (key: keyof typeof PREFIXES, rename: (name: string) => string): Weights =>
    new Map(
      [...all]
        .filter(([name]) => name.startsWith(PREFIXES[key]))
        .map(([name, weight]) => [rename(name.slice(PREFIXES[key].length)), weight]),
    );
  const weights = {
    textEncoder: canonicalTextNames(part('textEncoder', (name) => name)),
    unet: part('unet', (name) => unetName(name, layers)),
    vae: linearAttention(part('vae', (name) => vaeName(name, config.vae.block_out_channels.length))),
  };
  if (configFolder === undefined) requireStableDiffusion1(path, weights);
  return { config, weights };
}

/** The VAE's attention is made of 1x1 convolutions in the original, of linear layers in diffusers. */
function linearAttention(vae: Weights): Weights {
  const linear = (name: string, weight: Weight): Weight =>
    /\.attentions\.0\.to_.*\.weight$/.test(name) && weight.shape.length === 4
      ? lazyWeight(weight.shape.slice(0, 2), () => weight.data)
      : weight;
  return new Map([...vae].map(([name, weight]) => [name, linear(name, weight)]));
}

/** The sizes that tell Stable Diffusion 1 from what looks like it. */
function requireStableDiffusion1(path: string, { textEncoder, unet }: PipelineParts['weights']): void {
  const check = (weights: Weights, name: string, expected: readonly number[]) => {
    const shape = weights.get(name)?.shape;
    if (String(shape) !== String(expected))
      throw new InputError(
        `${path} is not Stable Diffusion 1: ${name} ${shape ? `has shape [${shape.join(', ')}]` : 'is missing'}; expected [${expected.join(', ')}]. Name a folder with its configuration files (--config).`,
      );
  };
  check(unet, 'conv_in.weight', [320, 4, 3, 3]);
  check(unet, 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', [1280, 768]);
  check(textEncoder, 'text_model.embeddings.token_embedding.weight', [49408, 768]);
}
