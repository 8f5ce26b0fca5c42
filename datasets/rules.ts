import { BlockedWords } from './blocked-words.ts';
import { characters, normalizePrompt } from './normalize.ts';

/** The filter's section of a configuration. */
export interface FilterSettings {
  /** Bounds of the length in Unicode characters. */
  minCharacters: number;
  maxCharacters: number;
  /** Bound of the length in tokens, start and end included; the tokenizer's own length where that is less. */
  maxTokens: number;
  /** What becomes of a prompt with more tokens: the text model sees its beginning, or it is dropped. */
  overlong: 'truncate' | 'drop';
  blocked: readonly string[];
}

/** Why a prompt is dropped, in the order in which the rules look. `duplicate` needs the other prompts, so the stage finds it. */
export const dropReasons = ['empty', 'too-short', 'too-long', 'blocked', 'too-many-tokens', 'duplicate'] as const;
export type DropReason = (typeof dropReasons)[number];

/** What the rules say about one prompt. `prompt` is its normalized form. */
export type Verdict =
  | { kept: true; prompt: string; tokens: number; truncated: boolean }
  | { kept: false; prompt: string; reason: DropReason; detail: string };

/** The part of a tokenizer that the rules need. */
export interface TokenCounter {
  count(text: string): number;
  readonly modelMaxLength: number;
}

/** Cleans single prompts and decides which are kept. */
export class PromptRules {
  readonly #settings: FilterSettings;
  readonly #tokenizer: TokenCounter;
  readonly #blocked: BlockedWords;
  readonly maxTokens: number;

  constructor(settings: FilterSettings, tokenizer: TokenCounter) {
    this.#settings = settings;
    this.#tokenizer = tokenizer;
    this.#blocked = new BlockedWords(settings.blocked);
    this.maxTokens = Math.min(settings.maxTokens, tokenizer.modelMaxLength);
  }

  judge(raw: string | null): Verdict {
    const { minCharacters, maxCharacters, overlong } = this.#settings;
    const prompt = normalizePrompt(raw ?? '');
    const drop = (reason: DropReason, detail: string): Verdict => ({ kept: false, prompt, reason, detail });
    if (prompt === '') return drop('empty', 'nothing visible is in it');

    const length = characters(prompt);
    if (length < minCharacters) return drop('too-short', `${length} characters, fewer than ${minCharacters}`);
    if (length > maxCharacters) return drop('too-long', `${length} characters, more than ${maxCharacters}`);

    const blocked = this.#blocked.find(prompt);
    if (blocked !== undefined) return drop('blocked', `it contains "${blocked}"`);

    const tokens = this.#tokenizer.count(prompt);
    const truncated = tokens > this.maxTokens;
    if (truncated && overlong === 'drop')
      return drop('too-many-tokens', `${tokens} tokens, more than ${this.maxTokens}`);
    return { kept: true, prompt, tokens, truncated };
  }
}
