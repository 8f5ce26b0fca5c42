import { InputError } from '../../common/errors.ts';
import type { ClipTextConfig } from '../clip/clip-config.ts';
import type { UnetConfig } from '../unet/unet-config.ts';
import type { VaeConfig } from '../vae/vae-config.ts';
import { requireVocabulary } from '../clip/tokenizer/vocabulary.ts';

/** The parts of a pipeline, possibly of different folders, and their names in messages. */
export interface PartsToFit {
  textEncoder: { name: string; config: ClipTextConfig };
  tokenizer: { readonly size: number; readonly modelMaxLength: number };
  unet: { name: string; config: UnetConfig };
  vae: VaeConfig;
  /** Number of tokens of a prompt that the UNet was trained with; default: the tokenizer's length. */
  length?: number;
  /** Lets the UNet have more input channels than the latents: a mask, a control image. */
  guided?: boolean;
}

/** Checks the sizes on which the parts of a pipeline must agree. @throws InputError that names both */
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
