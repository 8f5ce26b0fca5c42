import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { readBenchmark, type BenchmarkSpec } from './benchmarks.ts';
import { BlockedWords } from '../text/blocked-words.ts';
import { ContaminationIndex } from './contamination.ts';
import { Languages } from '../text/languages.ts';
import { characters, normalizePrompt } from '../text/normalize.ts';
import type { TREATMENTS } from './rule-names.ts';
import { repetition } from '../text/repetition.ts';
import { Scripts } from '../text/scripts.ts';
import { hasFlags, stripFlags } from '../text/prompt-flags.ts';
import { hasWeights, stripWeights } from '../text/prompt-weights.ts';
import { readWordList, shippedList } from '../text/word-lists.ts';
import { wordsOf } from '../text/words.ts';

/** Treatment of a prompt with weights or flags. */
type Treatment = (typeof TREATMENTS)[number];

/** Settings of the rules for single prompts; a rule that is left out is off. */
export interface FilterSettings {
  /** Weights such as "(word:1.2)" and "[word]", and flags such as "--ar 16:9". */
  weights?: Treatment | undefined;
  flags?: Treatment | undefined;
  /** Bounds of the length, in Unicode characters. */
  minCharacters: number;
  maxCharacters: number;
  /** Unicode scripts, and the minimum share of a prompt's letters in them. */
  scripts?: readonly string[] | undefined;
  scriptShare?: number | undefined;
  /** ISO 639-1 codes of languages to keep; prompts of fewer than four words are not checked. */
  languages?: readonly string[] | undefined;
  /** Maximum share of a prompt's words that repeat earlier ones. */
  maxRepetition?: number | undefined;
  /** Words and phrases that drop a prompt. */
  blocked: readonly string[];
  /** Files with such words and phrases. */
  blockedFiles?: readonly string[] | undefined;
  /** Whether to keep prompts with a word of the built-in list of sexual and gory words. */
  nsfw?: 'keep' | 'drop' | undefined;
  /** Whether to keep prompts with a given name of the built-in list, or a name of these files. */
  personalNames?: 'keep' | 'drop' | undefined;
  personalNameFiles?: readonly string[] | undefined;
  /** A prompt at least this similar to a benchmark prompt is dropped. */
  benchmarkSimilarity?: number | undefined;
  /** Maximum length in tokens, start and end included; the tokenizer's own length if that is less. */
  maxTokens: number;
  /** Treatment of a longer prompt: the text model sees its beginning, or it is dropped. */
  overlong: 'truncate' | 'drop';
}

/** The filter's settings for single prompts and the external files they need. */
export interface RulesConfig extends FilterSettings {
  /** Tokenizer folder of the model to tune. */
  tokenizer: string;
  benchmarks?: readonly BenchmarkSpec[] | undefined;
}

/**
 * Reasons for dropping a prompt, in the order of the checks. The last three need other prompts, so the stage checks them:
 * the same prompt in the shards being extended, a duplicate in this corpus, and a near duplicate.
 */
export const dropReasons = [
  'weights',
  'flags',
  'empty',
  'too-short',
  'too-long',
  'script',
  'language',
  'repetitive',
  'blocked',
  'nsfw',
  'personal-name',
  'benchmark',
  'too-many-tokens',
  'known',
  'duplicate',
  'near-duplicate',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Changes to a prompt. */
export const changes = ['normalized', 'weights', 'flags'] as const;
export type Change = (typeof changes)[number];

/** What a prompt may have that is not for a text encoder, and that the settings keep, strip or drop. */
export const markings = ['weights', 'flags'] as const;
export type Marking = (typeof markings)[number];

/** Verdict on one prompt. `prompt` is its cleaned form, `left` what it still has. */
export type Verdict =
  | {
      kept: true;
      prompt: string;
      tokens: number;
      truncated: boolean;
      changed: readonly Change[];
      left: readonly Marking[];
    }
  | { kept: false; prompt: string; reason: DropReason; detail: string };

/** The part of a tokenizer that the rules need. */
export interface TokenCounter {
  count(text: string): number;
  readonly modelMaxLength: number;
}

const defaultScriptShare = 0.5;
/** As for near duplicates; at 0.6, "a photo of a cat" matches "a photo of a dog". */
const defaultBenchmarkSimilarity = 0.65;
const unchanged: readonly Change[] = [];
const unmarked: readonly Marking[] = [];

/** Word lists with their drop reasons. */
type Lists = readonly { reason: DropReason; words: BlockedWords; detail: (found: string) => string }[];

/** Cleans single prompts and decides which to keep. */
export class PromptRules {
  readonly #settings: FilterSettings;
  readonly #tokenizer: TokenCounter;
  readonly #scripts: Scripts | undefined;
  readonly #languages: Languages | undefined;
  readonly #lists: Lists;
  readonly #benchmarks: ContaminationIndex | undefined;
  readonly #needsWords: boolean;
  readonly maxTokens: number;

  constructor(
    settings: FilterSettings,
    tokenizer: TokenCounter,
    given: {
      languages?: Languages | undefined;
      blocked?: BlockedWords;
      nsfw?: BlockedWords;
      names?: BlockedWords;
      benchmarks?: ContaminationIndex;
    } = {},
  ) {
    this.#settings = settings;
    this.#tokenizer = tokenizer;
    this.#scripts = settings.scripts?.length ? new Scripts(settings.scripts) : undefined;
    this.#languages = given.languages;
    const list = (reason: DropReason, words: BlockedWords | undefined, detail: (found: string) => string) =>
      words && !words.empty ? [{ reason, words, detail }] : [];
    this.#lists = [
      ...list('blocked', given.blocked ?? new BlockedWords(settings.blocked), (word) => `it contains "${word}"`),
      ...list('nsfw', given.nsfw, (word) => `it contains "${word}"`),
      ...list('personal-name', given.names, (word) => `"${word}" is a name`),
    ];
    this.#benchmarks = given.benchmarks?.empty ? undefined : given.benchmarks;
    this.#needsWords =
      this.#lists.length > 0 ||
      [this.#languages, this.#benchmarks, settings.maxRepetition].some((each) => each !== undefined);
    this.maxTokens = Math.min(settings.maxTokens, tokenizer.modelMaxLength);
  }

  /**
   * Loads the tokenizer, word lists and benchmarks that the rules need.
   * @param scratch a folder for unpacked files
   * @throws InputError naming the file that is missing or wrong
   */
  static async load(config: RulesConfig, scratch: string): Promise<PromptRules> {
    const { blocked, blockedFiles = [], nsfw, personalNames, personalNameFiles = [], benchmarks = [] } = config;
    const fromFiles = async (paths: readonly string[]) => (await Promise.all(paths.map(readWordList))).flat();
    const sets: { name: string; prompts: string[] }[] = [];
    for (const { limit: _, ...spec } of benchmarks) {
      const prompts = await readBenchmark(spec, scratch);
      sets.push({ name: spec.name, prompts: prompts.map(({ prompt }) => prompt) });
    }
    return new PromptRules(config, await ClipTokenizer.load(config.tokenizer), {
      languages: config.languages?.length ? await Languages.load(config.languages) : undefined,
      blocked: new BlockedWords([...blocked, ...(await fromFiles(blockedFiles))]),
      nsfw: new BlockedWords(nsfw === 'drop' ? await shippedList('nsfw') : []),
      names: new BlockedWords(
        personalNames === 'drop' ? [...(await shippedList('givenNames')), ...(await fromFiles(personalNameFiles))] : [],
      ),
      benchmarks: new ContaminationIndex(sets, config.benchmarkSimilarity ?? defaultBenchmarkSimilarity),
    });
  }

  /**
   * Judges a prompt.
   * @param placed whether the source assigns the prompt to a split, which keeps it apart from benchmarks
   */
  judge(raw: string | null, placed = false): Verdict {
    const { minCharacters, maxCharacters, overlong, scriptShare = defaultScriptShare, maxRepetition } = this.#settings;
    let prompt = normalizePrompt(raw ?? '');
    const drop = (reason: DropReason, detail: string): Verdict => ({ kept: false, prompt, reason, detail });
    let changed = prompt === raw ? unchanged : (['normalized'] as Change[]);
    let left = unmarked;
    for (const { change, has, strip } of syntax) {
      const treatment = this.#settings[change] ?? 'keep';
      if (!has(prompt)) continue;
      if (treatment === 'keep') {
        left = [...left, change];
        continue;
      }
      if (treatment === 'drop') return drop(change, `it has ${change}`);
      prompt = strip(prompt);
      changed = [...changed, change];
    }
    if (prompt === '') return drop('empty', 'it has no visible text');

    const length = characters(prompt);
    if (length < minCharacters) return drop('too-short', `${length} characters, fewer than ${minCharacters}`);
    if (length > maxCharacters) return drop('too-long', `${length} characters, more than ${maxCharacters}`);

    const share = this.#scripts?.share(prompt) ?? 1;
    if (share < scriptShare)
      return drop('script', `${percent(share)} of its letters are in ${this.#settings.scripts!.join(' or ')}`);

    if (this.#needsWords) {
      const words = wordsOf(prompt);
      const foreign = this.#languages?.foreign(prompt, words);
      if (foreign !== undefined)
        return drop('language', `it looks like "${foreign}", not ${this.#settings.languages!.join(' or ')}`);
      const repeated = repetition(words);
      if (maxRepetition !== undefined && repeated > maxRepetition)
        return drop('repetitive', `${percent(repeated)} of its words repeat earlier ones`);
      for (const { reason, words: list, detail } of this.#lists) {
        const found = list.findIn(words);
        if (found !== undefined) return drop(reason, detail(found));
      }
      const given = placed ? undefined : this.#benchmarks?.find(prompt, words);
      if (given)
        return drop(
          'benchmark',
          `it is ${given.similarity === 1 ? '' : 'nearly '}"${given.prompt}" of ${given.benchmark}`,
        );
    }

    const tokens = this.#tokenizer.count(prompt);
    const truncated = tokens > this.maxTokens;
    if (truncated && overlong === 'drop')
      return drop('too-many-tokens', `${tokens} tokens, more than ${this.maxTokens}`);
    return { kept: true, prompt, tokens, truncated, changed, left };
  }
}

const syntax = [
  { change: 'weights', has: hasWeights, strip: stripWeights },
  { change: 'flags', has: hasFlags, strip: stripFlags },
] as const;

const percent = (share: number): string => `${Math.round(share * 100)} %`;
