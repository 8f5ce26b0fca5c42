import { InputError } from '../../common/errors.ts';

/** The networks of a pipeline that a LoRA file can adapt, as diffusers names them. */
export type AdaptedNetwork = 'text_encoder' | 'unet';

/** Which of an adapter's tensors one is: `down` is A, `up` is B. */
export type AdapterPart = 'down' | 'up' | 'alpha';

/** How writers begin the names of a network's tensors, diffusers' own first, then those of single files. */
const PREFIXES: readonly (readonly [string, AdaptedNetwork])[] = [
  ['unet.', 'unet'],
  ['text_encoder.', 'text_encoder'],
  ['lora_unet_', 'unet'],
  ['lora_te_', 'text_encoder'],
  ['lora_te1_', 'text_encoder'],
];
/** How PEFT begins the names of a model's tensors, whatever model it is. */
const PEFT_PREFIX = 'base_model.model.';
/** How a text encoder's layers begin; the UNet has no such names. */
const TEXT_LAYER = /^(text_model|encoder)\./;

/** How they end: PEFT's, diffusers' before it, and single files'. */
const ENDS =
  /\.(lora_A\.weight|lora_B\.weight|lora(?:_linear_layer)?\.(?:down|up)\.weight|lora_(?:down|up)\.weight|alpha)$/;

/** How they end under diffusers' names of 2023, of attention processors. */
const PROCESSOR_END = /(?:\.processor)?\.to_(q|k|v|out)_lora\.(down|up)\.weight$/;
const processorLayer = (network: AdaptedNetwork, projection: string): string => {
  if (network === 'text_encoder') return `${projection}_proj`;
  return projection === 'out' ? 'to_out.0' : `to_${projection}`;
};

/** Kinds of adapters that are no product of two matrices, by what their tensors are called. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.(dora_scale|lora_magnitude_vector)/, 'DoRA, whose columns have a length of their own'],
  [/\.hada_/, 'LoHa, a product of Hadamard'],
  [/\.lokr_/, 'LoKr, a product of Kronecker'],
  [/\.lora_mid\./, 'LoCon with a matrix in the middle'],
  [/\.(oft_|boft_)/, 'OFT, a rotation'],
  [/\.(diff|diff_b)$/, 'a difference of full weights'],
  [/\.lora_[AB]\.bias$|\.lora_(down|up)\.bias$/, 'LoRA with a bias of its own (lora_bias)'],
  [/\.lora_embedding_[AB]$/, 'LoRA of an embedding'],
  [/^lora_te2_|^text_encoder_2\./, 'a second text encoder, which Stable Diffusion 1 and 2 do not have'],
  [/\.modules_to_save\./, 'a layer that was trained whole (modules_to_save)'],
];

/**
 * What a tensor of a LoRA file is part of.
 * @throws InputError that names the tensor, and the kind of adapter where it is another one
 */
export function adapterPart(
  name: string,
  path: string,
): { network: AdaptedNetwork; layer: string; part: AdapterPart; peft: boolean } {
  const other = OTHER_KINDS.find(([pattern]) => pattern.test(name));
  if (other)
    throw new InputError(`Tensor ${name} in ${path} is of ${other[1]}; only LoRA's two matrices are supported.`);
  const peft = name.startsWith(PEFT_PREFIX);
  const [prefix, network] = peft
    ? ([PEFT_PREFIX, TEXT_LAYER.test(name.slice(PEFT_PREFIX.length)) ? 'text_encoder' : 'unet'] as const)
    : (PREFIXES.find(([start]) => name.startsWith(start)) ?? []);
  const processor = peft ? null : PROCESSOR_END.exec(name);
  const end = ENDS.exec(name);
  if (!prefix || !network || !(end ?? processor))
    throw new InputError(
      !prefix && (end ?? processor)
        ? `Tensor ${name} in ${path} is of no known network; begin its name with "unet." or "text_encoder.".`
        : `Tensor ${name} in ${path} is not part of an adapter; expected names as unet.LAYER.lora_A.weight.`,
    );
  if (processor) {
    const [, projection, part] = processor as unknown as [string, string, 'down' | 'up'];
    const layer = `${name.slice(prefix.length, processor.index)}.${processorLayer(network, projection)}`;
    return { network, layer, part, peft };
  }
  const [, ending] = end!;
  const part = /alpha/.test(ending!) ? 'alpha' : /A\.|down/.test(ending!) ? 'down' : 'up';
  return { network, layer: name.slice(prefix.length, end!.index), part, peft };
}
