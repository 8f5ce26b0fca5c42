import { join } from 'node:path';
import { InputError } from '../../../common/errors.ts';
import { ifThere, readText } from '../../../common/files/foreign-files.ts';
import { parseConfig, readJson } from '../../folder/network-config.ts';
import { AddedTokens, type AddedToken } from './added-tokens.ts';
import { normalize } from './normalize-text.ts';
import { isOpenaiVocabulary, readOpenaiVocabulary } from './openai-vocabulary.ts';
import { specialTokens, unmarkedToken } from './special-tokens.ts';
import { addedIdsSchema, specialTokensMapSchema, tokenizerConfigSchema } from './tokenizer-config.ts';
import { parseTokenizerJson, type TokenizerJson } from './tokenizer-json.ts';

/** The parts of a CLIP tokenizer. */
export interface TokenizerParts {
  vocabulary: ReadonlyMap<string, number>;
  merges: readonly (readonly [string, string])[];
  added: AddedTokens;
  bos: number;
  eos: number;
  pad: number;
  unknown: number;
  /** Longest sequence of the text model, both ends included. */
  maxLength: number;
}
type Words = Pick<TokenizerParts, 'vocabulary' | 'merges'>;

/** Context length of CLIP's text model, used if a configuration gives none. */
const clipContext = 77;

/**
 * Reads a tokenizer folder as transformers does: tokenizer.json or, without one, vocab.json with merges.txt; the added
 * tokens from there, tokenizer_config.json, special_tokens_map.json and added_tokens.json. Also reads OpenAI's own file
 * of byte pairs.
 * @throws InputError naming the file that is missing or wrong, and the key
 */
export async function readTokenizer(folder: string): Promise<TokenizerParts> {
  const path = (name: string) => join(folder, name);
  const json = <T>(name: string, parse: (json: unknown, path: string) => T): Promise<T | undefined> =>
    ifThere(path(name), async (file) => parse(await readJson(file), file));
  const whole = await json('tokenizer.json', parseTokenizerJson);
  const config = await json('tokenizer_config.json', (value, file) => parseConfig(tokenizerConfigSchema, value, file));
  const map = await json('special_tokens_map.json', (value, file) => parseConfig(specialTokensMapSchema, value, file));
  const ids = await json('added_tokens.json', (value, file) => parseConfig(addedIdsSchema, value, file));
  const unmarked = config && unmarkedToken({ config, map });
  if (unmarked !== undefined)
    throw new InputError(
      `${path('tokenizer_config.json')}: ${unmarked} has a token without "__type": "AddedToken", which transformers does not take for one; add that, or write the token as text.`,
    );
  if (!config?.added_tokens_decoder)
    requireOwnIds(folder, [
      ...Object.entries(ids ?? {}),
      ...(whole?.added_tokens ?? []).map(({ content, id }) => [content, id] as const),
    ]);
  const { vocabulary, merges } = isOpenaiVocabulary(folder)
    ? await readOpenaiVocabulary(folder)
    : whole
      ? wordsOf(whole)
      : await readWords(folder);

  const special = specialTokens({ config: config ?? tokenizerConfigSchema.parse({}), map, added: ids, whole });
  const added = addedTokens(folder, special.tokens, vocabulary);
  for (const [content, id] of special.declared)
    if (added.ids.get(content) !== id)
      throw new InputError(
        `${folder}: the added token ${JSON.stringify(content)} has the id ${id} there, but transformers gives it ${added.ids.get(content)}; expected added tokens to be numbered without gaps after a vocabulary of ${vocabulary.size}.`,
      );
  const idOf = (name: string): number => added.ids.get(special.named.get(name)!)!;
  const length = config?.model_max_length ?? config?.max_len;
  return {
    vocabulary,
    merges,
    added,
    bos: idOf('bos_token'),
    eos: idOf('eos_token'),
    pad: idOf('pad_token'),
    unknown: idOf('unk_token'),
    // transformers writes 1e30 if it does not know the length.
    maxLength: typeof length === 'number' && length > 2 && length < 1e6 ? length : clipContext,
  };
}

/** @throws InputError if two tokens share an id: the order of the library's files would decide which one it finds */
function requireOwnIds(folder: string, tokens: readonly (readonly [content: string, id: number])[]): void {
  const contents = new Map<number, string>();
  for (const [content, id] of tokens) {
    const other = contents.get(id);
    if (other !== undefined && other !== content)
      throw new InputError(
        `${folder}: the added tokens ${JSON.stringify(other)} and ${JSON.stringify(content)} both have the id ${id} in added_tokens.json or tokenizer.json; expected an id for each.`,
      );
    contents.set(id, content);
  }
}

function addedTokens(...[folder, tokens, vocabulary]: [string, AddedToken[], Words['vocabulary']]): AddedTokens {
  try {
    return new AddedTokens(tokens, vocabulary, normalize);
  } catch (error) {
    throw error instanceof RangeError ? new InputError(`${folder}: ${error.message}.`) : error;
  }
}

const wordsOf = ({ model: { vocab, merges } }: TokenizerJson): Words => ({
  vocabulary: new Map(Object.entries(vocab)),
  merges: merges.map((merge) => (typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge)),
});

async function readWords(folder: string): Promise<Words> {
  const [vocab, merges] = [join(folder, 'vocab.json'), join(folder, 'merges.txt')];
  const vocabulary = await ifThere(vocab, async (file) => readVocabulary(await readJson(file), file));
  const pairs = await ifThere(merges, async (file) => readMerges(await readText(file, 'pairs of tokens'), file));
  if (!vocabulary || !pairs)
    throw new InputError(
      `${folder}: no tokenizer found; expected vocab.json and merges.txt, or tokenizer.json. Is this a tokenizer folder?`,
    );
  return { vocabulary, merges: pairs };
}

function readVocabulary(json: Readonly<Record<string, unknown>>, file: string): Map<string, number> {
  const entries = Object.entries(json as Record<string, number>);
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

/** Reads merges.txt: one pair a line, in rank order, after an optional "#version" line. */
function readMerges(text: string, file: string): [string, string][] {
  return text.split(/\r?\n/).flatMap((line, i): [string, string][] => {
    if (line.trim() === '' || line.startsWith('#version')) return [];
    const pair = line.trim().split(' ');
    if (pair.length !== 2)
      throw new InputError(`${file}: line ${i + 1} is ${JSON.stringify(line.slice(0, 60))}; expected two tokens.`);
    return [pair as [string, string]];
  });
}
