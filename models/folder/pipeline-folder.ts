import { cp, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { isFile } from '../../common/files.ts';
import { short } from '../../common/text/short.ts';
import { readWeights, writeWeights, type Weights } from '../../engine/weights/weights.ts';
import { clipTextSchema, type ClipTextConfig } from '../clip/clip-config.ts';
import { clipTextTensors } from '../clip/clip-tensors.ts';
import { ClipTokenizer } from '../clip/tokenizer/tokenizer.ts';
import { parseConfig, readJson, writeConfig, type Json } from './network-config.ts';
import { indexSchema } from './model-index.ts';
import { requireTensors } from './expected-tensors.ts';
import { requireFit } from './fit.ts';
import { saveTextEncoder, saveUnet, type Storage } from './network-folder.ts';
import { canonicalTextNames, canonicalVaeNames, textPrefix } from './tensor-names.ts';
import { folderScheduler, schedulerClass, type SchedulerFile } from '../sampling/scheduler-config.ts';
import { unetSchema, type UnetConfig } from '../unet/unet-config.ts';
import { unetTensors } from '../unet/unet-tensors.ts';
import { vaeSchema, type VaeConfig } from '../vae/vae-config.ts';
import { vaeDecoderTensors } from '../vae/vae-tensors.ts';
import { readNetwork } from './weight-files.ts';

/** The networks of a Stable Diffusion pipeline, without the tokenizer. */
export interface PipelineParts {
  config: { textEncoder: ClipTextConfig; unet: UnetConfig; vae: VaeConfig; scheduler: SchedulerFile };
  /** Under current names (tensor-names.ts); values as float32. */
  weights: { textEncoder: Weights; unet: Weights; vae: Weights };
}

export interface LoadedPipeline extends PipelineParts {
  tokenizer: ClipTokenizer;
  folder: string;
  /** Prefix of the text encoder's names in its file: `text_model.`, or empty. */
  textPrefix: string;
}

/**
 * Reads a Stable Diffusion pipeline from a diffusers folder (model_index.json and a folder for each part).
 * @throws InputError that names the file, the key or the tensor
 */
export async function loadPipeline(folder: string): Promise<LoadedPipeline> {
  const path = (...parts: string[]) => join(folder, ...parts);
  const config = await readPipelineConfig(folder);
  const tokenizer = await ClipTokenizer.load(path('tokenizer'));
  checkFit(folder, config, tokenizer);
  const textEncoder = await readNetwork(path('text_encoder'));
  const weights = {
    textEncoder: canonicalTextNames(textEncoder),
    unet: await readNetwork(path('unet')),
    vae: canonicalVaeNames(await readNetwork(path('vae'))),
  };
  requireTensors(weights.textEncoder, clipTextTensors(config.textEncoder), path('text_encoder'));
  requireTensors(weights.unet, unetTensors(config.unet), path('unet'));
  requireTensors(weights.vae, vaeDecoderTensors(config.vae), path('vae'));
  return { folder, config, tokenizer, textPrefix: textPrefix(textEncoder), weights };
}

/** Reads the configuration of a diffusers folder's networks. @throws InputError that names the file and the key */
export async function readPipelineConfig(folder: string): Promise<PipelineParts['config']> {
  if (await isFile(folder))
    throw new InputError(
      `${folder} is a file; a pipeline is a folder. Convert a single-file checkpoint with: textcraftor import ${folder} --out DIR`,
    );
  const index = await readConfig(indexSchema, join(folder, 'model_index.json'));
  const path = (...parts: string[]) => join(folder, ...parts);
  return {
    textEncoder: await readTextConfig(path('text_encoder', 'config.json')),
    unet: await readConfig(unetSchema, path('unet', 'config.json')),
    vae: await readConfig(vaeSchema, path('vae', 'config.json')),
    scheduler: await readScheduler(folder, index),
  };
}

/**
 * Writes a diffusers folder that {@link loadPipeline} and diffusers read.
 * @param tokenizer a tokenizer folder to copy
 */
export async function savePipeline(
  folder: string,
  { config, weights }: PipelineParts,
  { tokenizer, dtype = 'F32' }: { tokenizer: string; dtype?: Storage },
): Promise<void> {
  const json = (path: string, config: object) => writeConfig(join(folder, path), config);
  await mkdir(folder, { recursive: true });
  // A download's cache holds links, which are followed.
  await cp(tokenizer, join(folder, 'tokenizer'), { recursive: true, dereference: true });
  await saveTextEncoder(join(folder, 'text_encoder'), config.textEncoder, weights.textEncoder, dtype);
  await saveUnet(join(folder, 'unet'), config.unet, weights.unet, dtype);
  await json('vae/config.json', { _class_name: 'AutoencoderKL', ...config.vae });
  await json('scheduler/scheduler_config.json', { _class_name: 'DDIMScheduler', ...config.scheduler.json });
  await writeWeights(join(folder, 'vae/diffusion_pytorch_model.safetensors'), weights.vae, dtype);
  // Written last, since a folder without it is not a pipeline.
  await json('model_index.json', {
    _class_name: 'StableDiffusionPipeline',
    feature_extractor: [null, null],
    image_encoder: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ['diffusers', schedulerClass(config.scheduler)],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  });
}

/** Loads a text encoder's weights under current names. @param path a weight file, or a folder with one */
export async function loadTextEncoder(path: string): Promise<Weights> {
  const found = await stat(path).catch(() => {
    throw new InputError(`The text encoder ${path} does not exist; expected a weight file or a folder with one.`);
  });
  return canonicalTextNames(found.isDirectory() ? await readNetwork(path) : await readWeights(path));
}

/** Loads a UNet's weights. @param path a weight file, or a folder with one */
export async function loadUnet(path: string): Promise<Weights> {
  const found = await stat(path).catch(() => {
    throw new InputError(`The UNet ${path} does not exist; expected a weight file or a folder with one.`);
  });
  return found.isDirectory() ? readNetwork(path) : readWeights(path);
}

async function readConfig<T>(schema: Parameters<typeof parseConfig<T>>[0], path: string): Promise<T> {
  return parseConfig(schema, await readJson(path), path);
}

async function readScheduler(folder: string, index: Json): Promise<SchedulerFile> {
  const path = join(folder, 'scheduler', 'scheduler_config.json');
  return folderScheduler(index, join(folder, 'model_index.json'), await readJson(path), path);
}

/** Reads config.json of a CLIPTextModel, or the text tower's part of a CLIPModel's. */
async function readTextConfig(path: string): Promise<ClipTextConfig> {
  const json = await readJson(path);
  const [architecture] = z
    .array(z.unknown())
    .catch([])
    .parse(json['architectures'] ?? ['CLIPTextModel']);
  if (!['CLIPTextModel', 'CLIPTextModelWithProjection', 'CLIPModel'].includes(architecture as string))
    throw new InputError(`${path}: architectures is ${short(json['architectures'])}; expected ["CLIPTextModel"].`);
  return parseConfig(clipTextSchema, (json['text_config'] as Json | undefined) ?? json, path);
}

/** Checks that the parts of a folder fit each other. @throws InputError that names both */
export function checkFit(folder: string, config: PipelineParts['config'], tokenizer: ClipTokenizer): void {
  requireFit({
    textEncoder: { name: join(folder, 'text_encoder'), config: config.textEncoder },
    tokenizer,
    unet: { name: join(folder, 'unet'), config: config.unet },
    vae: config.vae,
  });
}
