import { join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { readInputText } from '../../common/input-file.ts';
import { isOpenaiVocabulary, readOpenaiVocabulary } from './openai-vocabulary.ts';

/** What a CLIP tokenizer is made of. */
export interface TokenizerParts {
  vocabulary: Map<string, number>;
  merges: [string, string][];
  /** Tokens that are cut out of the text before anything else is done to it, with their ids. */
  special: Map<string, number>;
  bos: number;
  eos: number;
  pad: number;
  unknown: number;
  /** Longest sequence of the text model, both ends included. */
  maxLength: number;
}

type Json = Record<string, unknown>;
/** A special token as the configuration files write it. */
type Written = string | { content: string } | undefined;

/** Context of CLIP's text model; the length where a configuration names none. */
const clipContext = 77;

/**
 * Reads a tokenizer folder: vocab.json with merges.txt, or the tokenizer.json that transformers 5 writes in their stead;
 * special tokens from tokenizer_config.json and special_tokens_map.json where there are any. OpenAI's own file of byte
 * pairs will do too.
 * @throws InputError naming the file that is missing or wrong
 */
export async function readTokenizer(folder: string): Promise<TokenizerParts> {
  const openai = isOpenaiVocabulary(folder) ? await readOpenaiVocabulary(folder) : undefined;
  const [vocab, mergesText, whole, config, map] = await Promise.all([
    readJson(join(folder, 'vocab.json')),
    readText(join(folder, 'merges.txt')),
    readJson(join(folder, 'tokenizer.json')),
    readJson(join(folder, 'tokenizer_config.json')),
    readJson(join(folder, 'special_tokens_map.json')),
  ]);
  const { vocabulary, merges } =
    openai ??
    (vocab && mergesText !== undefined
      ? { vocabulary: readVocabulary(vocab, join(folder, 'vocab.json')), merges: readMerges(mergesText) }
      : readWhole(whole, folder));

  const written = (name: string): Written => (config?.[name] ?? map?.[name] ?? undefined) as Written;
  const tokens = new Map<string, number>();
  const special = (name: string, otherwise: string): number => {
    const value = written(name) ?? otherwise;
    const content = typeof value === 'string' ? value : value.content;
    const id = vocabulary.get(content);
    if (id === undefined) {
      throw new InputError(
        `${folder}: the ${name} "${content}" is not in the vocabulary of ${vocabulary.size} tokens.`,
      );
    }
    tokens.set(content, id);
    return id;
  };
  const bos = special('bos_token', '<|startoftext|>');
  const eos = special('eos_token', '<|endoftext|>');
  const pad = special('pad_token', '<|endoftext|>');
  const unknown = special('unk_token', '<|endoftext|>');
  const length = config?.['model_max_length'];
  // transformers writes 1e30 where it does not know the length.
  const maxLength = typeof length === 'number' && length > 2 && length < 1e6 ? length : clipContext;
  return { vocabulary, merges, special: tokens, bos, eos, pad, unknown, maxLength };
}

/** tokenizer.json: `model.vocab`, `model.merges` (pairs, or older: lines) and `added_tokens`. */
function readWhole(whole: Json | undefined, folder: string): Pick<TokenizerParts, 'vocabulary' | 'merges'> {
  if (!whole) {
    throw new InputError(
      `${folder}: no tokenizer found; expected vocab.json and merges.txt, or tokenizer.json. Is this a tokenizer folder?`,
    );
  }
  const file = join(folder, 'tokenizer.json');
  const model = (whole['model'] ?? {}) as { type?: string; vocab?: unknown; merges?: (string | [string, string])[] };
  if (!Array.isArray(model.merges)) {
    throw new InputError(`${file}: model.merges is missing; expected a byte-pair tokenizer as CLIP's.`);
  }
  const vocabulary = readVocabulary(model.vocab, file);
  for (const added of (whole['added_tokens'] ?? []) as { content: string; id: number }[]) {
    vocabulary.set(added.content, added.id);
  }
  const merges = model.merges.map((merge) => (typeof merge === 'string' ? splitMerge(merge) : merge));
  return { vocabulary, merges };
}

function readVocabulary(value: unknown, file: string): Map<string, number> {
  const entries = Object.entries((value ?? {}) as Record<string, number>);
  const wrong = entries.find(([, id]) => !Number.isInteger(id) || id < 0);
  if (entries.length === 0 || wrong) {
    throw new InputError(
      wrong
        ? `${file}: token "${wrong[0]}" has the id ${String(wrong[1])}; expected an integer from 0.`
        : `${file}: no vocabulary found; expected an object from token to id.`,
    );
  }
  return new Map(entries);
}

/** merges.txt: a pair a line, in rank order, below an optional "#version" line. */
function readMerges(text: string): [string, string][] {
  return text
    .split('\n')
    .filter((line, i) => line.trim() !== '' && !(i === 0 && line.startsWith('#version')))
    .map(splitMerge);
}

function splitMerge(line: string): [string, string] {
  const [left = '', right = ''] = line.trim().split(' ');
  return [left, right];
}

/** The file's text; undefined when there is no such file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readInputText(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) return undefined;
    throw new InputError(`${path}: cannot be read (${(error as Error).message}).`);
  }
}

async function readJson(path: string): Promise<Json | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new InputError(`${path}: is not valid JSON (${(error as Error).message}).`);
  }
}
