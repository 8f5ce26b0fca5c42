import { join } from 'node:path';
import { writeFileAtomic } from '../../../common/files.ts';
import { byteSymbols } from '../../../models/clip/tokenizer/tokenizer-bytes.ts';

const startToken = '<|startoftext|>';
const endToken = '<|endoftext|>';
/** CLIP marks the end of a word on its last symbol. */
const wordEnd = '</w>';

type Merge = readonly [left: string, right: string];

/** Encodes one word by byte pairs: applies the merge of lowest rank until none applies. */
function encodeWord(word: string, merges: readonly Merge[]): string[] {
  let symbols = [...word].map((character, i) => (i === word.length - 1 ? character + wordEnd : character));
  for (;;) {
    const merge = merges.find(([left, right]) => symbols.some((s, i) => s === left && symbols[i + 1] === right));
    if (!merge) return symbols;
    const merged: string[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const applies = symbols[i] === merge[0] && symbols[i + 1] === merge[1];
      merged.push(applies ? merge.join('') : symbols[i]!);
      if (applies) i++;
    }
    symbols = merged;
  }
}

/**
 * Builds merges that make each word one token. A merge added for a later word ranks after all earlier ones, so it never
 * changes the encoding of an earlier word.
 */
function mergesFor(words: readonly string[]): Merge[] {
  const merges: Merge[] = [];
  for (const word of words) {
    for (;;) {
      const [first, second] = encodeWord(word, merges);
      if (second === undefined) break;
      merges.push([first!, second]);
    }
  }
  return merges;
}

/** A tokenizer's files, by name. */
export type TokenizerFiles = Record<string, string>;

/**
 * Makes a CLIPTokenizer that has each of the words as one token.
 * @param contextLength maximum tokens of a prompt with start and end
 */
export function clipTokenizerFiles(vocabulary: readonly string[], contextLength: number): TokenizerFiles {
  const bytes = byteSymbols().sort();
  const merges = mergesFor(vocabulary);
  const tokens = [
    ...bytes,
    ...bytes.map((character) => character + wordEnd),
    ...merges.map((merge) => merge.join('')),
    startToken,
    endToken,
  ];
  const special = { bos_token: startToken, eos_token: endToken, pad_token: endToken, unk_token: endToken };
  const config = {
    add_prefix_space: false,
    ...special,
    do_lower_case: true,
    errors: 'replace',
    model_max_length: contextLength,
    tokenizer_class: 'CLIPTokenizer',
  };
  return {
    'vocab.json': JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))) + '\n',
    'merges.txt': ['#version: 0.2', ...merges.map((merge) => merge.join(' '))].join('\n') + '\n',
    'tokenizer_config.json': JSON.stringify(config, null, 2) + '\n',
    'special_tokens_map.json': JSON.stringify(special, null, 2) + '\n',
  };
}

/** Writes the files into a folder. */
export async function writeFiles(folder: string, files: TokenizerFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(folder, name), content);
}
