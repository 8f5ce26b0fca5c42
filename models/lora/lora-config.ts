import { z } from 'zod';
import { InputError } from '../../common/errors.ts';
import { only, parseConfig, size, withoutEffect, type Json } from '../folder/network-config.ts';

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
/** A part of PEFT that is not built here: it has to be absent, null, false or empty. */
const nothing = z
  .unknown()
  .refine(isNothing, 'only null is supported')
  .optional()
  .meta({ only: [null, false, [], {}] });
const names = z.union([z.string(), z.array(z.string())], 'a name or a list of names was expected').nullish();
const ofInit = 'of a kind of init_lora_weights that is refused';

/**
 * PEFT's LoraConfig: adapter_config.json of an adapter's folder, or what diffusers writes of it into a file's metadata.
 * The way in which adapters began counts where it changes the weights that they are added to.
 */
export const loraConfigSchema = z.object({
  peft_type: z
    .literal('LORA', 'only "LORA" is supported')
    .nullish()
    .meta({ only: ['LORA', null] }),
  r: size.default(8),
  lora_alpha: z.number('a number was expected').default(8),
  rank_pattern: z.record(z.string(), size).nullable().default({}),
  alpha_pattern: z.record(z.string(), z.number('a number was expected')).nullable().default({}),
  use_rslora: z.boolean('true or false was expected').nullable().default(false),
  target_modules: names.default(null),
  exclude_modules: names.default(null),
  layers_to_transform: z.union([z.int(), z.array(z.int())], 'a number or a list of numbers was expected').nullish(),
  layers_pattern: names.default(null),
  init_lora_weights: z
    .union(
      [z.boolean(), z.literal(['gaussian', 'eva', 'orthogonal'])],
      'only true, false, "gaussian", "eva" and "orthogonal" leave the weights below the adapters as they are',
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
  megatron_core: withoutEffect('of megatron_config, which is refused'),
  qalora_group_size: withoutEffect('of use_qalora, which is refused'),
  loftq_config: withoutEffect(ofInit),
  corda_config: withoutEffect(ofInit),
  lora_ga_config: withoutEffect(ofInit),
  eva_config: withoutEffect('it changes what training began with alone'),
  lora_dropout: withoutEffect('of training alone'),
  inference_mode: withoutEffect('of training alone'),
  runtime_config: withoutEffect('it says where tensors lie'),
  ensure_weight_tying: withoutEffect('of modules_to_save and token indices, which are refused'),
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
      throw new InputError(`${source}: ${key} is ${JSON.stringify(value)}: the key is not known.`);
  return parseConfig(loraConfigSchema, json, source) as LoraConfig;
}
