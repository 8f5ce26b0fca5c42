import { z } from 'zod';
import { only, parseConfig, withoutEffect } from '../../folder/network-config.ts';
import { addedTokenSchema } from './tokenizer-config.ts';

/** Patterns of CLIP's words; newer files also list the special tokens, with the same result. */
const WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const words = [WORDS, String.raw`<\|startoftext\|>|<\|endoftext\|>|${WORDS}`];

const step = (type: string, keys: Record<string, z.ZodType> = {}) => z.looseObject({ type: z.literal(type), ...keys });
const normalizer = step('Sequence', {
  normalizers: z.tuple([
    step('NFC'),
    step('Replace', { pattern: z.strictObject({ Regex: z.literal(String.raw`\s+`) }), content: z.literal(' ') }),
    step('Lowercase'),
  ]),
});
const preTokenizer = step('Sequence', {
  pretokenizers: z.tuple([
    step('Split', {
      pattern: z.strictObject({ Regex: z.literal(words) }),
      behavior: z.literal('Removed'),
      invert: z.literal(true),
    }),
    step('ByteLevel', { add_prefix_space: z.literal(false), use_regex: z.literal(true).optional() }),
  ]),
});
const postProcessor = step('RobertaProcessing', {
  sep: z.tuple([z.string(), z.int()]),
  cls: z.tuple([z.string(), z.int()]),
});
const direction = z.looseObject({ direction: z.literal('Right') });

/** A part of the file that must be as in CLIP's tokenizer or absent; anything else is refused by name. */
const clips = <T extends z.ZodType>(part: T, message: string) =>
  z
    .custom<z.infer<T> | null | undefined>(
      (value) => value === null || value === undefined || part.safeParse(value).success,
      message,
    )
    .optional();

/** tokenizer.json of a CLIP tokenizer. */
const tokenizerJsonSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema.extend({ id: z.int().min(0) }), 'expected a list of tokens').default([]),
  normalizer: clips(normalizer, "expected CLIP's: NFC, one space for white space, lower case"),
  pre_tokenizer: clips(preTokenizer, "expected CLIP's: its words, then bytes"),
  post_processor: clips(postProcessor, 'expected RobertaProcessing, which puts a token at each end'),
  padding: clips(direction, 'only the direction "Right" is supported'),
  truncation: clips(direction, 'only the direction "Right" is supported'),
  decoder: withoutEffect('used only to turn ids into text'),
  version: withoutEffect('there is only one'),
  model: z.looseObject({
    type: only('BPE'),
    vocab: z.record(z.string(), z.int('expected an id').min(0), 'expected an object from token to id'),
    merges: z.array(
      z.union([z.tuple([z.string(), z.string()]), z.string()], 'expected two tokens'),
      'expected the pairs of a byte-pair tokenizer',
    ),
    unk_token: z.string().nullish(),
    dropout: only<number | null>(null, 0),
    end_of_word_suffix: only('</w>'),
    continuing_subword_prefix: only<string | null>('', null),
    fuse_unk: only(false),
    byte_fallback: only(false),
    ignore_merges: only(false),
  }),
});
export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;

export const parseTokenizerJson = (json: unknown, path: string): TokenizerJson =>
  parseConfig(tokenizerJsonSchema, json, path);
