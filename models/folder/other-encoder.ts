import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encoderFor } from '../lora/adapted-encoder.ts';
import { clipTextSchema, type ClipTextConfig } from '../clip/clip-config.ts';
import { clipTextTensors } from '../clip/clip-tensors.ts';
import { ClipTokenizer } from '../clip/tokenizer/tokenizer.ts';
import { parseConfig, readJson } from './network-config.ts';
import { requireTensors } from './expected-tensors.ts';
import { requireFit } from './fit.ts';
import { loadTextEncoder, type LoadedPipeline } from './pipeline-folder.ts';

/** Every tokenizer folder has one of these files. */
const VOCABULARIES = ['tokenizer.json', 'vocab.json'];

/** A text encoder of a different architecture than the pipeline's. */
export interface OtherEncoder {
  path: string;
  config: ClipTextConfig;
  tokenizer: ClipTokenizer;
}

/**
 * Reads the encoder in a folder if its config.json gives another architecture than the pipeline's. Its tokenizer is
 * looked for in the folder, then in `tokenizer/` beside it; if there is none, the pipeline's is used.
 * @returns undefined for an encoder that can replace the pipeline's directly
 * @throws InputError if the UNet cannot take its embeddings, or the encoder its tokenizer's tokens
 */
export async function otherEncoder(path: string, pipeline: LoadedPipeline): Promise<OtherEncoder | undefined> {
  const configPath = join(path, 'config.json');
  if (!existsSync(configPath)) return undefined;
  const json = await readJson(configPath);
  const config = parseConfig(clipTextSchema, (json['text_config'] as typeof json | undefined) ?? json, configPath);
  const own = pipeline.config.textEncoder;
  const same = (
    ['hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'vocab_size'] as const
  ).every((key) => config[key] === own[key]);
  if (same) return undefined;
  const folder = [path, join(dirname(path), 'tokenizer')].find((place) =>
    VOCABULARIES.some((name) => existsSync(join(place, name))),
  );
  const tokenizer = folder ? await ClipTokenizer.load(folder) : pipeline.tokenizer;
  requireFit({
    textEncoder: { name: path, config },
    tokenizer,
    unet: { name: join(pipeline.folder, 'unet'), config: pipeline.config.unet },
    vae: pipeline.config.vae,
    length: pipeline.tokenizer.modelMaxLength,
  });
  requireTensors(await loadTextEncoder(path), clipTextTensors(config), path);
  return { path, config, tokenizer };
}

/**
 * Checks that an encoder can be used with a pipeline, in place of its own encoder or beside it.
 * @throws InputError that names the mismatch
 */
export async function requireEncoder(path: string, pipeline: LoadedPipeline): Promise<void> {
  if (await otherEncoder(path, pipeline)) return;
  requireTensors(await encoderFor(path, pipeline), clipTextTensors(pipeline.config.textEncoder), path);
}
