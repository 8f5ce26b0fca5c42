import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InputError } from '../common/errors.ts';
import { int32, Program } from '../engine/program.ts';
import { tf } from '../engine/tensorflow.ts';
import { clipTextSchema, type ClipTextConfig } from '../models/clip/config.ts';
import { clipText } from '../models/clip/text.ts';
import { ClipTokenizer } from '../models/clip/tokenizer.ts';
import { parseConfig, readJson } from '../models/config.ts';
import { loadTextEncoder, type LoadedPipeline } from '../models/pipeline.ts';
import { requireVocabulary } from '../models/vocabulary.ts';
import type { Embeddings, Prompt } from './generator.ts';

/** One of them is in every folder of a tokenizer. */
const VOCABULARIES = ['tokenizer.json', 'vocab.json'];

/** Another text encoder than the pipeline's, of a size of its own. */
export interface OtherEncoder {
  path: string;
  config: ClipTextConfig;
  tokenizer: ClipTokenizer;
}

/**
 * The encoder in a folder when its architecture is not the pipeline's: config.json says so. Its tokenizer is looked for
 * in the folder, then in `tokenizer/` beside it; the pipeline's own stands in for none.
 * @returns undefined for an encoder that takes the place of the pipeline's as it is
 * @throws InputError when the UNet cannot take its embeddings, or it its tokenizer's words
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
  if (config.hidden_size !== own.hidden_size)
    throw new InputError(
      `${configPath}: hidden_size is ${config.hidden_size}; the UNet takes embeddings of ${own.hidden_size}.`,
    );
  const length = pipeline.tokenizer.modelMaxLength;
  if (config.max_position_embeddings < length)
    throw new InputError(
      `${configPath}: max_position_embeddings is ${config.max_position_embeddings}; the UNet is used to prompts of ${length} tokens.`,
    );
  const folder = [path, join(dirname(path), 'tokenizer')].find((place) =>
    VOCABULARIES.some((name) => existsSync(join(place, name))),
  );
  const tokenizer = folder ? await ClipTokenizer.load(folder) : pipeline.tokenizer;
  requireVocabulary(path, tokenizer, config.vocab_size);
  return { path, config, tokenizer };
}

/** Its embeddings of prompts and of the empty prompt, in the length that the pipeline's UNet is used to. */
export async function embedWith(
  { path, config, tokenizer }: OtherEncoder,
  prompts: readonly Prompt[],
  length: number,
): Promise<Embeddings> {
  const batch = Math.min(32, prompts.length + 1);
  const program = new Program();
  program.entry('encode', { ids: int32(batch, length) }, ({ ids }, scope) => ({
    hidden: clipText(scope.parameters('encoder'), config, ids).hidden,
  }));
  program.compile();
  program.load('encoder', await loadTextEncoder(path), path);
  const values = length * config.hidden_size;
  const all = new Float32Array((prompts.length + 1) * values);
  const texts = [...prompts.map(({ prompt }) => prompt), ''];
  for (let first = 0; first < texts.length; first += batch) {
    const part = Array.from({ length: batch }, (_, i) => texts[first + i] ?? '');
    const ids = part.flatMap((text) => [...tokenizer.pad(tokenizer.encode(text), length)]);
    const input = tf.tensor2d(ids, [batch, length], 'int32');
    const { hidden } = program.run('encode', { ids: input });
    all.set(hidden!.dataSync().subarray(0, Math.min(batch, texts.length - first) * values), first * values);
    tf.dispose([input, hidden!]);
  }
  program.dispose();
  return { condition: all.slice(0, -values), unconditional: all.slice(-values) };
}
