import { z } from 'zod';
import { absent, only, withoutEffect } from '../../folder/network-config.ts';

/** A token as files write it: transformers' AddedToken. */
export const addedTokenSchema = z.looseObject({
  content: z.string('expected text'),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().optional(),
});
export type WrittenToken = z.infer<typeof addedTokenSchema>;

const token = z.union([z.string(), addedTokenSchema], 'expected a token').optional();
const tokens = z.array(z.union([z.string(), addedTokenSchema]), 'expected a list of tokens').nullish();
const named = z.record(z.string(), z.union([z.string(), addedTokenSchema]), 'expected tokens by name').nullish();
const side = z
  .literal('right', 'only "right" is supported')
  .nullish()
  .meta({ only: ['right', null] });

const decoding = withoutEffect('used only to turn ids into text');
const call = withoutEffect('diffusers passes it in each call, whatever the file says');
const chat = withoutEffect('used only by chat models');
const fixed = withoutEffect("built into CLIP's tokenizer, whatever the file says");
const origin = withoutEffect('says where the file comes from');

/** The names of a tokenizer's special tokens. */
const namedTokens = {
  bos_token: token,
  eos_token: token,
  unk_token: token,
  sep_token: token.nullable(),
  pad_token: token,
  cls_token: token.nullable(),
  mask_token: token.nullable(),
};
export const NAMED_TOKENS: readonly string[] = Object.keys(namedTokens);

/** tokenizer_config.json of transformers' CLIPTokenizer. */
export const tokenizerConfigSchema = z.looseObject({
  ...namedTokens,
  extra_special_tokens: z.union([tokens, named], 'expected a list of tokens, or tokens by name'),
  additional_special_tokens: tokens,
  model_specific_special_tokens: named,
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), addedTokenSchema, 'expected tokens by id').optional(),
  model_max_length: z.number('expected a number').nullish(),
  max_len: z.number('expected a number').nullish(),
  tokenizer_class: z
    .literal(['CLIPTokenizer', 'CLIPTokenizerFast'], 'only "CLIPTokenizer" is supported')
    .nullish()
    .meta({ only: ['CLIPTokenizer', 'CLIPTokenizerFast', null] }),
  padding_side: side,
  truncation_side: side,
  split_special_tokens: only(false),
  init_inputs: z
    .array(z.never('only [] is supported'))
    .max(0)
    .optional()
    .meta({ only: [[]] }),
  fast_tokenizer_files: absent,
  vocab: absent,
  merges: absent,
  tokenizer: absent,
  tokenizer_object: absent,
  gguf_file: absent,
  post_processor: fixed,
  tokenizer_padding: fixed,
  tokenizer_truncation: fixed,
  _json_padding: fixed,
  _json_truncation: fixed,
  _spm_precompiled_charsmap: fixed,
  add_bos_token: fixed,
  add_eos_token: fixed,
  add_prefix_space: fixed,
  do_lower_case: fixed,
  fix_mistral_regex: fixed,
  unk_id: fixed,
  pad_token_type_id: withoutEffect("CLIP's text model has no token types"),
  clean_up_tokenization_spaces: decoding,
  clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output: decoding,
  errors: decoding,
  max_length: call,
  stride: call,
  truncation_strategy: call,
  pad_to_multiple_of: call,
  model_input_names: call,
  chat_template: chat,
  chat_control_tokens: chat,
  response_template: chat,
  response_schema: chat,
  processor_class: origin,
  auto_map: origin,
  backend: origin,
  files_loaded: origin,
  is_local: origin,
  local_files_only: origin,
  merges_file: withoutEffect("the folder's own files are read"),
  vocab_file: withoutEffect("the folder's own files are read"),
  tokenizer_file: withoutEffect("the folder's own files are read"),
  name_or_path: origin,
  verbose: origin,
});
export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>;

/** special_tokens_map.json, which older versions also write. */
export const specialTokensMapSchema = z.looseObject({
  ...namedTokens,
  extra_special_tokens: z.union([tokens, named], 'expected a list of tokens, or tokens by name'),
  additional_special_tokens: tokens,
});
export type SpecialTokensMap = z.infer<typeof specialTokensMapSchema>;

/** added_tokens.json: ids by content. */
export const addedIdsSchema = z.record(z.string(), z.int('expected an id').min(0));
