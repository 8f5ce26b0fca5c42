import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Files that readers of a weight file look for beside it: configurations and tokenizers. */
const companions = [
  'config.json',
  'adapter_config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
  'med_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'bpe_simple_vocab_16e6.txt.gz',
];

/**
 * Lists the files that belong to a weight file: configurations and tokenizers beside it, and the parts that an index
 * (`.index.json`) names. Empty for a folder, whose whole content counts.
 */
export function companionsOf(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return [];
  const folder = dirname(path);
  const parts = basename(path).endsWith('.json')
    ? readdirSync(folder).filter((name) => /-of-\d+[.\w]*\.(safetensors|bin)$/.test(name))
    : [];
  return [...companions, ...parts]
    .map((name) => join(folder, name))
    .filter((each) => existsSync(each) && each !== path);
}

/** Lists the tokenizer beside an encoder's folder, which is read if the folder itself has none. */
export function tokenizerBeside(encoder: string): string[] {
  const folder = join(dirname(encoder), 'tokenizer');
  return existsSync(join(encoder, 'vocab.json')) || !existsSync(folder) ? [] : [folder];
}
