import { join } from 'node:path';
import { parseConfig, readJson } from './network-config.ts';
import { requireTensors } from './expected-tensors.ts';
import { requireFit } from './fit.ts';
import type { LoadedPipeline } from './pipeline-folder.ts';
import { unetSchema } from '../unet/unet-config.ts';
import { unetTensors } from '../unet/unet-tensors.ts';
import { readNetwork } from './weight-files.ts';

/**
 * The pipeline with another UNet: one that was trained apart, or one that sees more than the latents (in_channels beyond
 * the VAE's latent_channels), as an inpainting UNet does.
 * @param folder a diffusers folder of a UNet
 * @throws InputError when it does not fit the pipeline's VAE and text encoder
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
