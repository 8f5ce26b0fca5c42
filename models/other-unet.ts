import { join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { parseConfig, readJson } from './config.ts';
import type { LoadedPipeline } from './pipeline.ts';
import { unetSchema } from './unet/config.ts';
import { readNetwork } from './weight-files.ts';

/**
 * The pipeline with another UNet: one that was trained apart, or one that sees more than the latents (in_channels beyond
 * the VAE's latent_channels), as an inpainting UNet does.
 * @param folder a diffusers folder of a UNet
 * @throws InputError when it does not fit the pipeline's VAE and text encoder
 */
export async function withUnet(pipeline: LoadedPipeline, folder: string): Promise<LoadedPipeline> {
  const { textEncoder, vae } = pipeline.config;
  const path = join(folder, 'config.json');
  const unet = parseConfig(unetSchema, await readJson(path), path);
  const width = [unet.cross_attention_dim].flat().find((size) => size !== textEncoder.hidden_size);
  if (width !== undefined)
    throw new InputError(
      `${path}: cross_attention_dim is ${width}; the text encoder's hidden_size is ${textEncoder.hidden_size}.`,
    );
  if (unet.in_channels < vae.latent_channels || unet.out_channels !== vae.latent_channels)
    throw new InputError(
      `${path}: ${unet.in_channels} channels in and ${unet.out_channels} out; the VAE has ${vae.latent_channels}.`,
    );
  const config = { ...pipeline.config, unet };
  return { ...pipeline, config, weights: { ...pipeline.weights, unet: await readNetwork(folder) } };
}
