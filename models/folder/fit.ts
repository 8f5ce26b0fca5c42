import { InputError } from '../../common/errors.ts';
import type { ClipTextConfig } from '../clip/clip-config.ts';
import type { UnetConfig } from '../unet/unet-config.ts';
import type { VaeConfig } from '../vae/vae-config.ts';
import { requireVocabulary } from '../clip/tokenizer/vocabulary.ts';

/** The parts of a pipeline, of whichever folders, and what messages call them. */
export interface PartsToFit {
  textEncoder: { name: string; config: ClipTextConfig };
  tokenizer: { readonly size: number; readonly modelMaxLength: number };
  unet: { name: string; config: UnetConfig };
  vae: VaeConfig;
  /** Tokens of a prompt, as the UNet is used to them; by default the tokenizer's length. */
  length?: number;
  /** The UNet may see more than the latents: a mask, a control image. */
  guided?: boolean;
}

/** Sizes that have to agree between the parts of a pipeline. @throws InputError that names both */
export function requireFit({
  textEncoder: { name, config },
  tokenizer,
  unet,
  vae,
  length = tokenizer.modelMaxLength,
  guided = false,
}: PartsToFit): void {
  const width = [unet.config.cross_attention_dim].flat().find((size) => size !== config.hidden_size);
  if (width !== undefined)
    throw new InputError(
      `${unet.name}: cross_attention_dim is ${width}; the hidden_size of the text encoder ${name} is ${config.hidden_size}.`,
    );
  const { in_channels: seen, out_channels: made } = unet.config;
  const { latent_channels: latents } = vae;
  if ((guided ? seen < latents : seen !== latents) || made !== latents)
    throw new InputError(`${unet.name}: ${seen} channels in and ${made} out; the VAE has ${latents} latent_channels.`);
  if (config.max_position_embeddings < length)
    throw new InputError(
      `${name}: max_position_embeddings is ${config.max_position_embeddings}; prompts have ${length} tokens, by the tokenizer's model_max_length.`,
    );
  requireVocabulary(name, tokenizer, config.vocab_size);
}
