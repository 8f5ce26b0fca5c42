import { join } from 'node:path';
import { parseConfig, readJson } from './network-config.ts';
import { requireTensors } from './expected-tensors.ts';
import { requireFit } from './fit.ts';
import type { LoadedPipeline } from './pipeline-folder.ts';
import { unetSchema } from '../unet/unet-config.ts';
import { unetTensors } from '../unet/unet-tensors.ts';
import { readNetwork } from './weight-files.ts';

/**
 * Returns the pipeline with another UNet: one trained separately, or one with more input channels than the latents,
 * such as an inpainting UNet (in_channels above the VAE's latent_channels).
 * @param folder a diffusers folder of a UNet
 * @throws InputError if it does not fit the pipeline's VAE and text encoder
 */
export async function withUnet(pipeline: LoadedPipeline, folder: string): Promise<LoadedPipeline> {
  const { textEncoder, vae } = pipeline.config;
  const name = join(pipeline.folder, 'text_encoder');
  const path = join(folder, 'config.json');
  const unet = parseConfig(unetSchema, await readJson(path), path);
  requireFit({
    textEncoder: { name, config: textEncoder },
    tokenizer: pipeline.tokenizer,
    unet: { name: path, config: unet },
    vae,
    guided: true,
  });
  const weights = await readNetwork(folder);
  requireTensors(weights, unetTensors(unet), folder);
  const config = { ...pipeline.config, unet };
  return { ...pipeline, config, weights: { ...pipeline.weights, unet: weights } };
}
