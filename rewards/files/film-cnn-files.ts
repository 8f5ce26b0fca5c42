import { join } from 'node:path';
import { z } from 'zod';
import { readWeights, type Weights } from '../../engine/weights/weights.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { boundedSize, parseConfig, readJson, size } from '../../models/folder/network-config.ts';
import {
  convolutionTensors,
  linearTensors,
  normTensors,
  requireTensors,
  type ExpectedTensors,
} from '../../models/folder/expected-tensors.ts';
import { requireVocabulary } from '../../models/clip/tokenizer/vocabulary.ts';
import type { RewardSpec } from '../reward.ts';

/** config.json of a film-cnn folder. */
const filmCnnSchema = z.looseObject({
  /** Height and width of the picture that the network sees, in pixels. */
  image_size: boundedSize(4096),
  /** Channels after each block; every block halves height and width. */
  channels: z.array(size).min(1),
  /** Number of groups in the group norms. */
  norm_groups: size,
  /** Width of the layer before the score. */
  hidden_size: size,
  vocab_size: size,
  /** Width of the token embeddings and of the prompt embedding. */
  text_size: size,
  /** Token ids per prompt, padding included. */
  max_tokens: boundedSize(4096),
  pad_token_id: z.int().min(0),
});
export type FilmCnnConfig = z.infer<typeof filmCnnSchema>;

/**
 * Reads a film-cnn reward's folder, leaving the weights in their file.
 * @throws InputError that names what does not fit
 */
export async function readFilmCnn({
  name,
  model,
}: RewardSpec): Promise<{ config: FilmCnnConfig; weights: Weights; tokenizer: ClipTokenizer }> {
  const path = join(model, 'config.json');
  const config = parseConfig(filmCnnSchema, await readJson(path), path);
  const file = join(model, 'model.safetensors');
  const weights = await readWeights(file);
  requireTensors(weights, filmCnnTensors(config), file);
  const tokenizer = await ClipTokenizer.load(model);
  requireVocabulary(`Reward "${name}"`, tokenizer, config.vocab_size);
  return { config, weights, tokenizer };
}

/** Lists the tensors that `filmCnn` reads. */
export function* filmCnnTensors(config: FilmCnnConfig): ExpectedTensors {
  const { text_size: text, hidden_size: hidden } = config;
  yield ['text.embedding.weight', [config.vocab_size, text]];
  yield* linearTensors('text.words', 3 * text, text);
  let [channels, side] = [3, config.image_size];
  for (const [i, width] of config.channels.entries()) {
    yield* convolutionTensors(`blocks.${i}.conv`, channels, width);
    yield* normTensors(`blocks.${i}.norm`, width);
    yield* filmTensors(`blocks.${i}.film`, text, width);
    [channels, side] = [width, Math.ceil(side / 2)];
  }
  yield* linearTensors('hidden', side * side * channels, hidden);
  yield* filmTensors('hidden_film', text, hidden);
  yield* linearTensors('score', hidden, 1);
}

function* filmTensors(name: string, text: number, width: number): ExpectedTensors {
  yield* linearTensors(`${name}.scale`, text, width);
  yield* linearTensors(`${name}.shift`, text, width);
}
