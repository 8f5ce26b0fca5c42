import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What readers of a weight file look for beside it: configurations and tokenizers. */
const companions = [
  'config.json',
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
 * Files outside of a weight file that count as it does: what is beside it of configurations and tokenizers, and the parts
 * of what an index (`.index.json`) names. Of a folder there are none: all that is in it counts.
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

/** The tokenizer beside an encoder's folder, which is read where the folder has none. */
export function tokenizerBeside(encoder: string): string[] {
  const folder = join(dirname(encoder), 'tokenizer');
  return existsSync(join(encoder, 'vocab.json')) || !existsSync(folder) ? [] : [folder];
}
