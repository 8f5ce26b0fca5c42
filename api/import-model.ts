import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../common/errors.ts';
import { isOpenaiVocabulary, readOpenaiVocabulary } from '../models/clip/tokenizer/openai-vocabulary.ts';
import { ClipTokenizer } from '../models/clip/tokenizer/tokenizer.ts';
import { configurationFiles, tokenizerFiles } from '../models/folder/hub-files.ts';
import { checkFit, savePipeline } from '../models/folder/pipeline-folder.ts';
import { loadSingleFile } from '../models/folder/single-file/load-single-file.ts';
import type { Prediction } from '../models/folder/single-file/stable-diffusion.ts';
import { requireEmpty } from './export/export-model.ts';
import type { HubOptions } from '../common/hub/options.ts';
import { localModel } from './hub/hub-models.ts';

export interface ImportOptions {
  /** A new folder. */
  out: string;
  /** A diffusers folder or a model on the hub; its configuration files describe the checkpoint. */
  config?: string;
  /** A tokenizer folder or OpenAI's file of byte pairs. */
  tokenizer?: string;
  dtype: 'float32' | 'float16';
  /** The UNet's prediction type, which Stable Diffusion 2's checkpoints do not record. */
  predictionType?: Prediction;
  /** Cache and address of the hub. */
  hub: HubOptions;
}

/**
 * Writes a single-file checkpoint of Stable Diffusion as a diffusers folder, a tensor at a time.
 * @returns the folder
 * @example
 * ```ts
 * import { importModel } from './api/import-model.ts';
 *
 * const folder = await importModel('v1-5-pruned.safetensors', {
 *   out: 'models/sd15',
 *   tokenizer: 'openai/clip-vit-large-patch14',
 *   dtype: 'float32',
 *   hub: { cache: '/home/me/.cache/huggingface/hub' },
 * });
 * ```
 */
export async function importModel(file: string, options: ImportOptions): Promise<string> {
  const { hub } = options;
  const here = process.cwd();
  const out = resolve(options.out);
  await requireEmpty(out);
  const config =
    options.config === undefined ? undefined : resolve(await localModel(options.config, here, hub, configurationFiles));
  const source =
    options.tokenizer === undefined
      ? config && join(config, 'tokenizer')
      : resolve(await localModel(options.tokenizer, here, hub, tokenizerFiles));
  if (source === undefined)
    throw new InputError(
      'A single-file checkpoint has no tokenizer: name one with --tokenizer (a folder, or bpe_simple_vocab_16e6.txt.gz) or a model that has one with --config.',
    );
  const path = resolve(await localModel(file, here, hub));
  const parts = await loadSingleFile(path, { configFolder: config, prediction: options.predictionType });
  // This encoder is OpenCLIP's, which pads prompts with id 0.
  const pad = config === undefined && parts.config.textEncoder.hidden_size === 1024 ? '!' : '<|endoftext|>';
  const loaded = await ClipTokenizer.load(source);
  checkFit(file, parts.config, loaded);
  const tokenizer = isOpenaiVocabulary(source) ? await unpackVocabulary(source, pad) : undefined;
  if (tokenizer === undefined && pad === '!' && loaded.padId !== 0)
    throw new InputError(
      `${source} pads prompts with id ${loaded.padId}; Stable Diffusion 2 was trained with 0, "!". Give the tokenizer of that model.`,
    );
  try {
    const dtype = options.dtype === 'float16' ? 'F16' : 'F32';
    await savePipeline(out, parts, { tokenizer: tokenizer ?? source, dtype });
  } finally {
    if (tokenizer !== undefined) await rm(dirname(tokenizer), { recursive: true });
  }
  return out;
}

/** Writes OpenAI's file as a tokenizer folder that transformers reads. */
async function unpackVocabulary(path: string, pad: string): Promise<string> {
  const { vocabulary, merges } = await readOpenaiVocabulary(path);
  const folder = join(await mkdtemp(join(tmpdir(), 'textcraftor-tokenizer-')), 'tokenizer');
  const lines = merges.map((pair) => pair.join(' '));
  const end = '<|endoftext|>';
  const special = { bos_token: '<|startoftext|>', eos_token: end, pad_token: pad, unk_token: end };
  const settings = { tokenizer_class: 'CLIPTokenizer', model_max_length: 77, ...special };
  await mkdir(folder);
  await writeFile(join(folder, 'vocab.json'), JSON.stringify(Object.fromEntries(vocabulary)));
  await writeFile(join(folder, 'merges.txt'), ['#version: 0.2', ...lines, ''].join('\n'));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(settings, null, 2));
  return folder;
}
