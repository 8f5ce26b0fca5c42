import { isDeepStrictEqual } from 'node:util';
import type { AddedToken } from './added-tokens.ts';
import { NAMED_TOKENS, type SpecialTokensMap, type TokenizerConfig, type WrittenToken } from './tokenizer-config.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** The files in a tokenizer's folder that name tokens. */
export interface TokenFiles {
  config: TokenizerConfig;
  map?: SpecialTokensMap | undefined;
  /** added_tokens.json */
  added?: Readonly<Record<string, number>> | undefined;
  whole?: TokenizerJson | undefined;
}

export interface SpecialTokens {
  /** In the order of addition to the vocabulary. */
  tokens: AddedToken[];
  /** Contents by name: bos_token, … */
  named: ReadonlyMap<string, string>;
  /** The ids that the files give. */
  declared: ReadonlyMap<string, number>;
}

type Written = string | WrittenToken;
const contentOf = (token: Written): string => (typeof token === 'string' ? token : token.content);

/** CLIPTokenizer's defaults. */
const DEFAULTS: Readonly<Record<string, string>> = {
  bos_token: '<|startoftext|>',
  eos_token: '<|endoftext|>',
  unk_token: '<|endoftext|>',
  pad_token: '<|endoftext|>',
};

/**
 * Determines the tokens added to the vocabulary, their order and how they match, by the rules of transformers 5: first
 * tokenizer_config.json's `added_tokens_decoder` or, without one, special_tokens_map.json over tokenizer_config.json,
 * added_tokens.json and tokenizer.json's `added_tokens`; then the named and extra special tokens not among them.
 */
export function specialTokens({ config, map, added, whole }: TokenFiles): SpecialTokens {
  const decoder = new Map<number, WrittenToken>();
  const given = new Map<string, Written>();
  const name = (entries: Record<string, unknown>, asSpecial: boolean) => {
    for (const [key, value] of Object.entries(entries))
      if (/_token$/.test(key) && isWritten(value)) given.set(key, asSpecial ? special(value) : value);
  };
  name(config, false);
  let extra = listOf(config.extra_special_tokens) ?? config.additional_special_tokens ?? undefined;
  name(tokensByName(config.extra_special_tokens), false);
  name(tokensByName(config.model_specific_special_tokens), false);

  if (config.added_tokens_decoder) {
    for (const [id, token] of Object.entries(config.added_tokens_decoder)) decoder.set(Number(id), token);
  } else {
    name(map ?? {}, true);
    name(tokensByName(map?.extra_special_tokens), true);
    const listed = listOf(map?.extra_special_tokens) ?? [];
    // The library compares only these names, and before it has made tokens of tokenizer_config.json's objects.
    const compared = [...(extra ?? []).filter((token) => typeof token === 'string'), ...listed];
    extra = [...(extra ?? []), ...listed];
    if (extra.length === 0) extra = map?.additional_special_tokens ?? [];
    for (const key of NAMED_TOKENS)
      if (isWritten(map?.[key]) || typeof config[key] === 'string') compared.push(given.get(key)!);
    const isSpecial = new Set(compared.map(contentOf));
    for (const [content, id] of Object.entries(added ?? {}))
      decoder.set(id, { ...plain, content, normalized: !isSpecial.has(content), special: isSpecial.has(content) });
    for (const { id, ...token } of whole?.added_tokens ?? []) decoder.set(id, token);
  }

  const named = new Map<string, Written>([...Object.entries(DEFAULTS), ...given]);
  const tokens: Written[] = [...decoder].sort(([a], [b]) => a - b).map(([, token]) => token);
  const known = new Set(tokens.map(contentOf));
  // A string and a token object with the same content are two tokens; the later one counts, as in the library.
  const add = (token: Written) => {
    if (!known.has(contentOf(token)) && !tokens.some((other) => isSame(other, token))) tokens.push(token);
  };
  for (const key of new Set([...NAMED_TOKENS, ...named.keys()])) if (named.has(key)) add(named.get(key)!);
  for (const token of extra ?? []) add(token);
  const contents = new Set([...named.values()].map(contentOf));
  return {
    tokens: tokens.map((token) => complete(token, contents.has(contentOf(token)))),
    named: new Map([...named].map(([key, token]) => [key, contentOf(token)])),
    declared: new Map([...decoder].map(([id, { content }]) => [content, id])),
  };
}

/**
 * Returns the key of a token in tokenizer_config.json that is written as an object without `"__type": "AddedToken"`, which
 * transformers 5 does not take for a token; undefined if there is none, or if it would make no difference.
 */
export function unmarkedToken({ config, map }: TokenFiles): string | undefined {
  const overridden = config.added_tokens_decoder ? {} : (map ?? {});
  const isSame = (key: string, { content, single_word, lstrip, rstrip, normalized }: WrittenToken): boolean =>
    isWritten(overridden[key]) ||
    (content === DEFAULTS[key] && ![single_word, lstrip, rstrip, normalized].some((flag) => flag));
  for (const [key, value] of Object.entries(config)) {
    const isList = /_special_tokens$/.test(key) && typeof value === 'object' && value !== null;
    const found = isList ? Object.values(value) : /_token$/.test(key) ? [value] : [];
    const unmarked = found
      .filter(isWritten)
      .filter((each) => typeof each !== 'string' && each['__type'] !== 'AddedToken');
    if (unmarked.some((each) => isList || !isSame(key, each as WrittenToken))) return key;
  }
  return undefined;
}

const plain = { single_word: false, lstrip: false, rstrip: false };
const isWritten = (value: unknown): value is Written =>
  typeof value === 'string' || typeof (value as WrittenToken | null)?.content === 'string';
const special = (token: Written): Written => (typeof token === 'string' ? token : { ...token, special: true });

const listOf = (value: TokenizerConfig['extra_special_tokens']): Written[] | undefined =>
  Array.isArray(value) && value.length > 0 ? value : undefined;
const tokensByName = (value: TokenizerConfig['extra_special_tokens']): Record<string, unknown> =>
  value && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, token]) => [key.endsWith('_token') ? key : `${key}_token`, token]),
      )
    : {};

const isSame = (a: Written, b: Written): boolean =>
  typeof a === 'string' || typeof b === 'string' ? a === b : isDeepStrictEqual(complete(a, false), complete(b, false));

/** Fills in the library's defaults: special tokens match in the original text. */
function complete(token: Written, isSpecial: boolean): AddedToken {
  const { content, single_word, lstrip, rstrip, normalized, special } =
    typeof token === 'string' ? { ...plain, content: token, normalized: undefined, special: true } : token;
  const flag = (special ?? false) || isSpecial;
  return { content, single_word, lstrip, rstrip, normalized: normalized ?? !flag, special: flag };
}
