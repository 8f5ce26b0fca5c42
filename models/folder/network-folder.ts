import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWeights, type Weights } from '../../engine/weights/weights.ts';
import type { ClipTextConfig } from '../clip/clip-config.ts';
import { writeConfig } from './network-config.ts';
import type { UnetConfig } from '../unet/unet-config.ts';
import { TEXT_ENCODER_FILE, UNET_FILE } from './weight-names.ts';

/** Type of the numbers in a weight file. */
export type Storage = 'F32' | 'F16';

/**
 * Writes a text encoder as a folder that transformers' CLIPTextModel loads directly: config.json and model.safetensors.
 * transformers loads weights in the type that config.json names, so it names the file's type.
 */
export async function saveTextEncoder(
  folder: string,
  { torch_dtype: _, ...config }: ClipTextConfig & { torch_dtype?: unknown },
  weights: Weights,
  storage: Storage = 'F32',
): Promise<void> {
  const dtype = storage === 'F16' ? 'float16' : 'float32';
  // The configuration may have been of another class: a model with a projection, or with a vision tower.
  const identity = { architectures: ['CLIPTextModel'], model_type: 'clip_text_model' };
  await saveNetwork(folder, { ...identity, ...config, ...identity, dtype }, TEXT_ENCODER_FILE, weights, storage);
}

/** Writes a UNet as a folder that diffusers' UNet2DConditionModel loads directly: config.json and its weights. */
export async function saveUnet(
  folder: string,
  config: UnetConfig,
  weights: Weights,
  storage: Storage = 'F32',
): Promise<void> {
  await saveNetwork(folder, { _class_name: 'UNet2DConditionModel', ...config }, UNET_FILE, weights, storage);
}

async function saveNetwork(
  folder: string,
  config: object,
  file: string,
  weights: Weights,
  storage: Storage,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeConfig(join(folder, 'config.json'), config);
  await writeWeights(join(folder, file), weights, storage);
}
