import { clipTokenizerFiles, type TokenizerFiles } from '../common/clip-tokenizer-files.ts';
import { vocabulary } from './grammar.ts';

/** Maximum tokens of a prompt with start and end: `max_position_embeddings` of the world's text encoders. */
export const contextLength = 32;

/** Returns the files, by name, of a CLIPTokenizer that has each word of the grammar as one token. */
export function tokenizerFiles(): TokenizerFiles {
  return clipTokenizerFiles(vocabulary, contextLength);
}
