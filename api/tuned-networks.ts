import { loadTextEncoder, loadUnet, type LoadedPipeline } from '../models/folder/pipeline-folder.ts';
import { mergeLora } from '../models/lora/lora.ts';
import { readLora } from '../models/lora/lora-file.ts';
import type { NetworkWeights } from '../models/pipeline-program.ts';

/** Options that replace a model's networks, or adapt them. */
export interface TunedOptions {
  /** Folders or weight files. */
  textEncoder?: string | undefined;
  unet?: string | undefined;
  /** A LoRA file, for the text encoder, the UNet or both. */
  lora?: string | undefined;
}

/**
 * Loads the networks that the options name, with adapters merged; a network that they do not change is absent.
 * @example
 * ```ts
 * import { tunedNetworks } from './api/tuned-networks.ts';
 * import { loadPipeline } from './models/folder/pipeline-folder.ts';
 *
 * const pipeline = await loadPipeline('models/sd15');
 * const { encoder } = await tunedNetworks(pipeline, { textEncoder: 'tuned/text_encoder' });
 * console.log(encoder?.weights.size);
 * ```
 */
export async function tunedNetworks(
  { weights }: LoadedPipeline,
  { textEncoder, unet, lora }: TunedOptions,
): Promise<{ encoder?: NetworkWeights; unet?: NetworkWeights }> {
  const adapters = lora === undefined ? {} : await readLora(lora);
  const given = {
    encoder:
      textEncoder === undefined ? undefined : { weights: await loadTextEncoder(textEncoder), source: textEncoder },
    unet: unet === undefined ? undefined : { weights: await loadUnet(unet), source: unet },
  };
  const merged = {
    encoder:
      adapters.text_encoder && mergeLora(given.encoder?.weights ?? weights.textEncoder, adapters.text_encoder, lora!),
    unet: adapters.unet && mergeLora(given.unet?.weights ?? weights.unet, adapters.unet, lora!),
  };
  const encoder = merged.encoder ? { weights: merged.encoder, source: lora! } : given.encoder;
  const second = merged.unet ? { weights: merged.unet, source: lora! } : given.unet;
  return { ...(encoder ? { encoder } : {}), ...(second ? { unet: second } : {}) };
}
