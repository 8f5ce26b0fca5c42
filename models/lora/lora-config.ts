import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { only, parseConfig, size, withoutEffect, type Json } from '../folder/network-config.ts';

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
/** A part of PEFT that is not supported: it must be absent, null, false or empty. */
const nothing = z
  .unknown()
  .refine(isNothing, 'only null is supported')
  .optional()
  .meta({ only: [null, false, [], {}] });
const names = z.union([z.string(), z.array(z.string())], 'expected a name or a list of names').nullish();
const ofInit = 'read only with values of init_lora_weights that are refused';

/**
 * PEFT's LoraConfig: adapter_config.json in an adapter's folder, or diffusers' copy of it in a file's metadata. The way
 * adapters were initialized matters if it changes the weights that they are added to.
 */
export const loraConfigSchema = z.object({
  peft_type: z
    .literal('LORA', 'only "LORA" is supported')
    .nullish()
    .meta({ only: ['LORA', null] }),
  r: size.default(8),
  lora_alpha: z.number('expected a number').default(8),
  rank_pattern: z.record(z.string(), size).nullable().default({}),
  alpha_pattern: z.record(z.string(), z.number('expected a number')).nullable().default({}),
  use_rslora: z.boolean('expected true or false').nullable().default(false),
  target_modules: names.default(null),
  exclude_modules: names.default(null),
  layers_to_transform: z.union([z.int(), z.array(z.int())], 'expected a number or a list of numbers').nullish(),
  layers_pattern: names.default(null),
  init_lora_weights: z
    .union(
      [z.boolean(), z.literal(['gaussian', 'eva', 'orthogonal'])],
      'expected true, false, "gaussian", "eva" or "orthogonal", which do not change the weights below the adapters',
    )
    .nullable()
    .default(true),
  use_dora: only(false),
  use_qalora: only(false),
  use_bdlora: nothing,
  lora_bias: only(false),
  bias: only('none'),
  modules_to_save: nothing,
  trainable_token_indices: nothing,
  target_parameters: nothing,
  layer_replication: nothing,
  alora_invocation_tokens: nothing,
  megatron_config: nothing,
  arrow_config: nothing,
  kasa_config: nothing,
  velora_config: nothing,
  monteclora_config: nothing,
  fan_in_fan_out: withoutEffect('PEFT turns it off for linear layers, and convolutions do not read it'),
  megatron_core: withoutEffect('belongs to megatron_config, which is refused'),
  qalora_group_size: withoutEffect('belongs to use_qalora, which is refused'),
  loftq_config: withoutEffect(ofInit),
  corda_config: withoutEffect(ofInit),
  lora_ga_config: withoutEffect(ofInit),
  eva_config: withoutEffect('changes only the start of training'),
  lora_dropout: withoutEffect('used only in training'),
  inference_mode: withoutEffect('used only in training'),
  runtime_config: withoutEffect('sets where tensors are stored'),
  ensure_weight_tying: withoutEffect('belongs to modules_to_save and token indices, which are refused'),
  task_type: withoutEffect('a note on what the adapter is for'),
  auto_mapping: withoutEffect('a note on the class of the base model'),
  base_model_name_or_path: withoutEffect('a note on the base model'),
  revision: withoutEffect('a note on the base model'),
  peft_version: withoutEffect('a note on the writer'),
});
export type LoraConfig = z.infer<typeof loraConfigSchema>;

/** @param source the file, for messages @throws InputError that names the key and the value that cannot be applied */
export function parseLoraConfig(json: Json, source: string): LoraConfig {
  for (const [key, value] of Object.entries(json))
    if (!(key in loraConfigSchema.shape) && !isNothing(value))
      throw new InputError(`${source}: ${key} is ${JSON.stringify(value)}: unknown key.`);
  return parseConfig(loraConfigSchema, json, source) as LoraConfig;
}
