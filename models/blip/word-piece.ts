import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { exists, isFolder } from '../../common/files.ts';
import { ifThere, readText } from '../../common/files/foreign-files.ts';
import { only, parseConfig, readJson } from '../folder/network-config.ts';

/** Longer words are unknown, as in BERT's own tokenizer. */
const LONGEST_WORD = 100;
const SPECIAL = ['[UNK]', '[SEP]', '[PAD]', '[CLS]', '[MASK]'];
/** BERT counts every visible ASCII character as punctuation unless it is a letter or digit. */
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;

const special = z.looseObject({ content: z.literal(SPECIAL, `only ${SPECIAL.join(', ')} are supported`) });
/** tokenizer_config.json of a BertTokenizer, optional beside its vocab.txt. */
const configSchema = z.looseObject({
  do_lower_case: only(true),
  do_basic_tokenize: only(true),
  tokenize_chinese_chars: only(true),
  strip_accents: only<boolean | null>(null, true),
  never_split: only(null),
  added_tokens_decoder: z.record(z.string(), special).optional(),
  additional_special_tokens: z.array(z.literal(SPECIAL)).nullish(),
});

/** Checks that the files beside a vocab.txt ask for nothing that this tokenizer lacks. @throws InputError */
async function requireUncased(folder: string): Promise<void> {
  await ifThere(join(folder, 'tokenizer_config.json'), async (path) =>
    parseConfig(configSchema, await readJson(path), path),
  );
  await ifThere(join(folder, 'added_tokens.json'), async (path) => {
    const token = Object.keys(await readJson(path)).find((name) => !SPECIAL.includes(name));
    if (token !== undefined)
      throw new InputError(`${path}: the added token ${JSON.stringify(token)} is not supported; remove it.`);
  });
}

/** BERT's tokenizer without letter case ("uncased"), with the results of Hugging Face's BertTokenizer. */
export class WordPieceTokenizer {
  readonly size: number;
  readonly padId: number;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(tokens: readonly string[], source: string) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    for (const token of SPECIAL)
      if (!this.#ids.has(token)) throw new InputError(`${source} has no token ${token}; expected BERT's vocab.txt.`);
    this.size = tokens.length;
    this.padId = this.#id('[PAD]');
  }

  /** Reads a vocabulary. @param path vocab.txt, one token per line, or its folder */
  static async load(path: string): Promise<WordPieceTokenizer> {
    const file = (await isFolder(path)) ? join(path, 'vocab.txt') : path;
    if (!(await exists(file)))
      throw new InputError(
        `Cannot read the vocabulary ${file}: it does not exist. Set the reward's "tokenizer" to the vocabulary of bert-base-uncased.`,
      );
    await requireUncased(dirname(file));
    const text = await readText(file, "BERT's vocabulary, one token per line");
    return new WordPieceTokenizer(text.replace(/\n$/, '').split(/\r?\n/), file);
  }

  /** Returns the ids of [CLS], the text and [SEP], cut or padded to `length`. */
  encode(text: string, length: number): number[] {
    const ids = text
      .split(/(\[(?:UNK|SEP|PAD|CLS|MASK)\])/)
      .flatMap((part) =>
        SPECIAL.includes(part) ? [this.#id(part)] : words(part).flatMap((word) => this.#pieces(word)),
      );
    const whole = [this.#id('[CLS]'), ...ids.slice(0, length - 2), this.#id('[SEP]')];
    return [...whole, ...Array<number>(length - whole.length).fill(this.padId)];
  }

  /** Returns the ids of many texts: [texts, length], row-major. */
  batch(texts: readonly string[], length: number): Int32Array {
    return Int32Array.from(texts.flatMap((text) => this.encode(text, length)));
  }

  #id(token: string): number {
    return this.#ids.get(token)!;
  }

  /** Splits a word greedily: the longest known piece, then the longest that continues it, and so on. */
  #pieces(word: string): number[] {
    const characters = [...word];
    if (characters.length > LONGEST_WORD) return [this.#id('[UNK]')];
    const pieces: number[] = [];
    for (let start = 0, end: number; start < characters.length; start = end) {
      let id: number | undefined;
      for (end = characters.length; end > start; end--) {
        id = this.#ids.get((start > 0 ? '##' : '') + characters.slice(start, end).join(''));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#id('[UNK]')];
      pieces.push(id);
    }
    return pieces;
  }
}

/** Lower-cases a text, removes accents, and splits it at white space and around punctuation and ideographs. */
function words(text: string): string[] {
  const clean = text.replace(/[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, '');
  const spaced = clean.replace(new RegExp(IDEOGRAPH, 'gu'), ' $& ');
  const plain = spaced
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '');
  return plain
    .replace(new RegExp(PUNCTUATION, 'gu'), ' $& ')
    .split(/\p{White_Space}+/u)
    .filter((word) => word !== '');
}
