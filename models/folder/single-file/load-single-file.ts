import { InputError } from '../../../common/errors.ts';
import { lazyWeight, readWeights, type Weight, type Weights } from '../../../engine/weights/weights.ts';
import { openClipTensor } from '../../clip/open-clip.ts';
import { canonicalTextNames } from '../tensor-names.ts';
import { readPipelineConfig, type PipelineParts } from '../pipeline-folder.ts';
import { schedulerFile } from '../../sampling/scheduler-config.ts';
import { BESIDE, otherKind } from './file-kinds.ts';
import { PREFIXES, unetName, vaeName } from './original-names.ts';
import { requireNetworks } from './require-networks.ts';
import { stableDiffusion1, stableDiffusion2, type Prediction } from './stable-diffusion.ts';

export interface SingleFileOptions {
  /** A diffusers folder with the configuration files to use; default: those of Stable Diffusion 1 or 2. */
  configFolder?: string | undefined;
  /** Kind of the UNet's output; needed for Stable Diffusion 2 and models tuned to another kind. */
  prediction?: Prediction | undefined;
}

/**
 * Reads a single-file checkpoint of Stable Diffusion (.safetensors, .ckpt) under diffusers' names, with OpenAI's text
 * encoder or OpenCLIP's (Stable Diffusion 2). Its tensors stay in the file until they are needed. Averaged weights
 * (`model_ema.*`) are ignored, as in diffusers.
 * @throws InputError if the file is not such a checkpoint, does not fit the configuration, or has unknown tensors
 */
export async function loadSingleFile(path: string, options: SingleFileOptions = {}): Promise<PipelineParts> {
  const all = await readWeights(path);
  requireStableDiffusion(path, all);
  const config = await configurationOf(path, all, options);
  const { layers_per_block: layers } = config.unet;
  if (typeof layers !== 'number')
    throw new InputError(`${options.configFolder}: layers_per_block must be one number for a single-file checkpoint.`);
  const part = (prefix: string, rename: (name: string) => string): Weights =>
    new Map(
      [...all]
        .filter(([name]) => name.startsWith(prefix) && !BESIDE.test(name))
        .map(([name, weight]) => [rename(name.slice(prefix.length)), weight]),
    );
  const levels = config.vae.block_out_channels.length;
  const weights = {
    textEncoder: textEncoderOf(all, config.textEncoder.num_hidden_layers),
    unet: part(PREFIXES.unet, (name) => unetName(name, layers)),
    vae: linearAttention(part(vaePrefix(all), (name) => vaeName(name, levels))),
  };
  requireNetworks(path, { config, weights });
  return { config, weights };
}

const has = (weights: Weights, prefix: string): boolean => [...weights.keys()].some((name) => name.startsWith(prefix));
const vaePrefix = (all: Weights): string => (has(all, PREFIXES.vae) ? PREFIXES.vae : PREFIXES.otherVae);

/** @throws InputError that names the file's actual kind, or the part or tensor that is missing or unknown */
function requireStableDiffusion(path: string, all: Weights): void {
  const kind = otherKind(all);
  if (kind !== undefined)
    throw new InputError(`${path} is ${kind}; expected a single-file checkpoint of Stable Diffusion 1 or 2.`);
  if (!has(all, PREFIXES.unet))
    throw new InputError(
      `${path} is not a single-file checkpoint of Stable Diffusion: no tensor's name begins with ${PREFIXES.unet}`,
    );
  const lacks = (what: string, ...prefixes: string[]) => {
    if (!prefixes.some((prefix) => has(all, prefix)))
      throw new InputError(
        `${path} has no ${what}: no tensor's name begins with ${prefixes.join(' or ')}. Use a checkpoint that holds all parts.`,
      );
  };
  lacks('text encoder', PREFIXES.textEncoder, PREFIXES.openClip);
  lacks('VAE', PREFIXES.vae, PREFIXES.otherVae);
  const known = Object.values(PREFIXES);
  const unknown = [...all.keys()].filter(
    (name) => !known.some((prefix) => name.startsWith(prefix)) && !BESIDE.test(name) && !MARKS.includes(name),
  );
  if (unknown.length > 0)
    throw new InputError(
      `${path} has ${unknown.length} unknown tensors: ${unknown.slice(0, 3).join(', ')}${unknown.length > 3 ? ', …' : ''}.`,
    );
}

/** Empty tensors with which some programs mark a model of v_prediction. */
const MARKS = ['v_pred'];
/** Its second axis is the width of a prompt's embeddings: 768 in Stable Diffusion 1, 1024 in 2. */
const CONTEXT = `${PREFIXES.unet}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight`;

/** Sets the configuration's kind of prediction, if one is given. */
function predicting(config: PipelineParts['config'], prediction: Prediction | undefined): PipelineParts['config'] {
  if (prediction === undefined) return config;
  const { source, json } = config.scheduler;
  return { ...config, scheduler: schedulerFile({ ...json, prediction_type: prediction }, source) };
}

async function configurationOf(
  path: string,
  all: Weights,
  { configFolder, prediction }: SingleFileOptions,
): Promise<PipelineParts['config']> {
  if (prediction === undefined && MARKS.some((mark) => all.has(mark)))
    throw new InputError(
      `${path} is marked as a model of v_prediction; add --prediction-type v_prediction, or epsilon.`,
    );
  if (configFolder !== undefined) {
    const config = await readPipelineConfig(configFolder);
    return predicting(config, prediction);
  }
  if (all.get(CONTEXT)?.shape[1] !== 1024) {
    requireStableDiffusion1(path, all);
    const config = stableDiffusion1();
    return predicting(config, prediction);
  }
  if (prediction === undefined)
    throw new InputError(
      `${path} is Stable Diffusion 2 of an unknown kind: add --prediction-type v_prediction (the model of 768 pixels) or --prediction-type epsilon (the base of 512).`,
    );
  return stableDiffusion2(prediction);
}

/** Checks the sizes that distinguish Stable Diffusion 1 from similar models. */
function requireStableDiffusion1(path: string, all: Weights): void {
  const check = (name: string, expected: readonly number[]) => {
    const shape = all.get(name)?.shape;
    if (String(shape) !== String(expected))
      throw new InputError(
        `${path} is not Stable Diffusion 1: ${name} ${shape ? `has shape [${shape.join(', ')}]` : 'is missing'}; expected [${expected.join(', ')}]. Name a folder with its configuration files (--config).`,
      );
  };
  check(`${PREFIXES.unet}input_blocks.0.0.weight`, [320, 4, 3, 3]);
  check(CONTEXT, [320, 768]);
}

/** Returns the text encoder under transformers' names, without the layers of OpenCLIP that are not used. */
function textEncoderOf(all: Weights, layers: number): Weights {
  const named = (prefix: string) =>
    [...all].flatMap(([name, weight]): [string, Weight][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), weight]] : [],
    );
  if (!has(all, PREFIXES.openClip)) {
    const isText = ([name]: [string, Weight]) =>
      !/^(logit_scale$|(text|visual)_projection\.|vision_model\.)/.test(name);
    return canonicalTextNames(new Map(named(PREFIXES.textEncoder).filter(isText)));
  }
  return new Map(
    named(PREFIXES.openClip)
      .filter(([name]) => !/^(logit_scale|attn_mask|text_projection)$/.test(name))
      .filter(([name]) => Number(/^transformer\.resblocks\.(\d+)\./.exec(name)?.[1] ?? 0) < layers)
      .flatMap(([name, weight]) => {
        const found = openClipTensor(name, weight);
        return found.length > 0 ? found : [[name, weight] as [string, Weight]];
      }),
  );
}

/** Turns the 1x1 convolutions of the original VAE's attention into diffusers' linear layers. */
function linearAttention(vae: Weights): Weights {
  const linear = (name: string, weight: Weight): Weight =>
    /\.attentions\.0\.to_.*\.weight$/.test(name) && weight.shape.length === 4
      ? lazyWeight(weight.shape.slice(0, 2), () => weight.data)
      : weight;
  return new Map([...vae].map(([name, weight]) => [name, linear(name, weight)]));
}
