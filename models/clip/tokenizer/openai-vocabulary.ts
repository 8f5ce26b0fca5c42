import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InputError } from '../../../common/errors.ts';
import { requireKind } from '../../../common/files/file-kind.ts';
import { readInput } from '../../../common/files/input-file.ts';
import { reasonOf } from '../../../common/text/reason.ts';
import { byteSymbols } from './tokenizer-bytes.ts';

/** Number of merges in CLIP's published tokenizer; the rest of its file is not used. */
const MERGES = 48_894;
/** The unpacked file has 3 MB. */
const MAX_BYTES = 2 ** 25;

/**
 * Returns whether this is OpenAI's file of CLIP's byte pairs, `bpe_simple_vocab_16e6.txt.gz`, also shipped by OpenCLIP.
 */
export const isOpenaiVocabulary = (path: string): boolean => path.endsWith('bpe_simple_vocab_16e6.txt.gz');

/** Reads the vocabulary (49408 tokens) and the merges from OpenAI's file. @throws InputError */
export async function readOpenaiVocabulary(
  path: string,
): Promise<{ vocabulary: Map<string, number>; merges: [string, string][] }> {
  const text = await readInput(path)
    .then((bytes) => {
      requireKind(path, bytes, bytes.length, "OpenAI's file of byte pairs", ['gzip']);
      return promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES });
    })
    .then(
      (bytes) => bytes.toString('utf8'),
      (error: NodeJS.ErrnoException) => {
        if (error instanceof InputError) throw error;
        throw new InputError(`${path}: cannot be read (${reasonOf(error)}).`);
      },
    );
  const merges = text
    .split('\n')
    .slice(1, MERGES + 1)
    .map((line) => line.trim().split(' ') as [string, string]);
  if (merges.length < MERGES || merges.some((pair) => pair.length !== 2))
    throw new InputError(`${path}: expected a line and then ${MERGES} pairs, as in CLIP's published file.`);
  const characters = byteSymbols().sort();
  const tokens = [
    ...characters,
    ...characters.map((character) => `${character}</w>`),
    ...merges.map((pair) => pair.join('')),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  return { vocabulary: new Map(tokens.map((token, id) => [token, id])), merges };
}
