import { clipTokenizerFiles, type TokenizerFiles } from '../common/clip-tokenizer-files.ts';
import { compositionWords } from './compositions/composition-grammar.ts';
import { vocabulary } from './gallery-grammar.ts';

/** Maximum tokens of a prompt with start and end: `max_position_embeddings` of the gallery's text encoders. */
export const contextLength = 32;

/**
 * Returns the files, by name, of a CLIPTokenizer that has each word of the grammar as one token; "3d" is two, since CLIP
 * parts digits from letters.
 * @param harder whether the words of several objects have tokens too, behind the others
 */
export function galleryTokenizerFiles(harder = false): TokenizerFiles {
  const words = harder ? [...vocabulary, ...compositionWords] : vocabulary;
  return clipTokenizerFiles(
    words.filter((word) => word !== '3d'),
    contextLength,
  );
}
