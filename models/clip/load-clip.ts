import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { parseConfig, readJson, size, type Json } from '../folder/network-config.ts';
import { readNetwork } from '../folder/weight-files.ts';
import { CLIP_MEAN, CLIP_STD, channelDeviation, channelMean, clipSchema, type ClipConfig } from './clip-config.ts';
import { readImageProcessor } from './image-processor.ts';
import { isOpenClip, openClip } from './open-clip.ts';

export interface Clip {
  /** The folder of its other files. */
  folder: string;
  config: ClipConfig;
  /** Under transformers' names. */
  weights: Weights;
  /** Each channel's mean and standard deviation in its training. */
  mean: readonly number[];
  std: readonly number[];
}

/**
 * Reads a CLIP model: a transformers CLIPModel folder, or a file or folder with OpenCLIP's names (HPSv2's .pt).
 * @throws InputError that names the file, the key or the tensor
 */
export async function readClip(path: string): Promise<Clip> {
  const found = await stat(path).catch(() => {
    throw new InputError(`Cannot read ${path}: it does not exist; expected a CLIP model's folder or weight file.`);
  });
  if (found.isFile()) return readOpenClip(path, dirname(path));
  if (!found.isDirectory()) throw new InputError(`Cannot read ${path}: it is neither a file nor a folder.`);
  const names = await readdir(path);
  if (names.includes('config.json')) return readTransformers(path, names.includes('preprocessor_config.json'));
  return readOpenClip(join(path, openClipFile(path, names)), path);
}

async function readTransformers(folder: string, hasPreprocessor: boolean): Promise<Clip> {
  const path = join(folder, 'config.json');
  const json = await readJson(path);
  if (!json['text_config'] || !json['vision_config'])
    throw new InputError(`${path} is not a CLIPModel's configuration: it needs text_config and vision_config.`);
  const config = parseConfig(clipSchema, { ...json, ...legacyParts(json) }, path);
  const channels = hasPreprocessor
    ? await readImageProcessor(folder, config.vision_config.image_size)
    : { mean: CLIP_MEAN, std: CLIP_STD };
  return { folder, config, weights: await readNetwork(folder), ...channels };
}

/** In files of older versions, text_config_dict and vision_config_dict override text_config and vision_config. */
function legacyParts(json: Json): Json {
  const parts = ['text_config', 'vision_config'].map((name) => [name, json[`${name}_dict`]] as const);
  return Object.fromEntries(parts.filter(([, part]) => part !== undefined && part !== null));
}

/** OpenCLIP's own file beside its weights: the settings that cannot be inferred from shapes. */
const openClipSchema = z.looseObject({
  model_cfg: z
    .looseObject({
      quick_gelu: z.boolean().default(false),
      vision_cfg: z.looseObject({ head_width: size.default(64) }).prefault({}),
      text_cfg: z.looseObject({ heads: size.default(8) }).prefault({}),
    })
    .prefault({}),
  preprocess_cfg: z.looseObject({ mean: channelMean, std: channelDeviation }).prefault({}),
});

async function readOpenClip(file: string, folder: string): Promise<Clip> {
  const weights = await readWeights(file);
  if (!isOpenClip(weights))
    throw new InputError(
      `${file} is not a known CLIP model: it lacks the tensor visual.conv1.weight of OpenCLIP's files.`,
    );
  const path = join(folder, 'open_clip_config.json');
  const json = await stat(path).then(
    () => readJson(path),
    () => undefined,
  );
  const { model_cfg: model, preprocess_cfg: channels } = parseConfig(openClipSchema, json ?? {}, path);
  const settings = {
    quickGelu: model.quick_gelu,
    visionHeadWidth: model.vision_cfg.head_width,
    textHeads: model.text_cfg.heads,
  };
  return {
    folder,
    ...openClip(weights, file, json ? settings : {}),
    mean: channels.mean,
    std: channels.std,
  };
}

/** Returns the only weight file of an OpenCLIP folder. */
function openClipFile(folder: string, names: readonly string[]): string {
  const files = names.filter((name) => /\.(pt|pth|bin|safetensors)$/.test(name));
  const known = ['open_clip_model.safetensors', 'open_clip_pytorch_model.bin'].find((name) => files.includes(name));
  if (known === undefined && files.length !== 1)
    throw new InputError(
      files.length === 0
        ? `${folder} is not a CLIP model: it has neither config.json nor a weight file (.pt, .bin, .safetensors).`
        : `${folder} has several weight files (${files.join(', ')}); give the path of one of them.`,
    );
  return known ?? files[0]!;
}
