import { InputError } from '../../common/errors.ts';

/** The networks of a pipeline that a LoRA file can adapt, as diffusers names them. */
export type AdaptedNetwork = 'text_encoder' | 'unet';

/** The tensors of an adapter: `down` is A, `up` is B. */
export type AdapterPart = 'down' | 'up' | 'alpha';

/** Prefixes of a network's tensor names: first diffusers', then those of single files. */
const PREFIXES: readonly (readonly [string, AdaptedNetwork])[] = [
  ['unet.', 'unet'],
  ['text_encoder.', 'text_encoder'],
  ['lora_unet_', 'unet'],
  ['lora_te_', 'text_encoder'],
  ['lora_te1_', 'text_encoder'],
];
/** PEFT's prefix of tensor names, the same for any model. */
const PEFT_PREFIX = 'base_model.model.';
/** Beginnings of a text encoder's layer names; the UNet has no such names. */
const TEXT_LAYER = /^(text_model|encoder)\./;

/** Endings of tensor names: PEFT's, diffusers' earlier ones, and those of single files. */
const ENDS =
  /\.(lora_A\.weight|lora_B\.weight|lora(?:_linear_layer)?\.(?:down|up)\.weight|lora_(?:down|up)\.weight|alpha)$/;

/** The ends of diffusers' names of 2023, of attention processors. */
const PROCESSOR_END = /(?:\.processor)?\.to_(q|k|v|out)_lora\.(down|up)\.weight$/;
const processorLayer = (network: AdaptedNetwork, projection: string): string => {
  if (network === 'text_encoder') return `${projection}_proj`;
  return projection === 'out' ? 'to_out.0' : `to_${projection}`;
};

/** Kinds of adapters that are not a product of two matrices, by their tensors' names. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/\.(dora_scale|lora_magnitude_vector)/, 'DoRA, which also trains the lengths of columns'],
  [/\.hada_/, 'LoHa, a Hadamard product'],
  [/\.lokr_/, 'LoKr, a Kronecker product'],
  [/\.lora_mid\./, 'LoCon with a matrix in the middle'],
  [/\.(oft_|boft_)/, 'OFT, a rotation'],
  [/\.(diff|diff_b)$/, 'a difference of full weights'],
  [/\.lora_[AB]\.bias$|\.lora_(down|up)\.bias$/, 'LoRA with a bias (lora_bias)'],
  [/\.lora_embedding_[AB]$/, 'LoRA for an embedding'],
  [/^lora_te2_|^text_encoder_2\./, 'a second text encoder, which Stable Diffusion 1 and 2 do not have'],
  [/\.modules_to_save\./, 'a layer that was trained whole (modules_to_save)'],
];

/**
 * Determines the network, layer and part that a tensor of a LoRA file belongs to.
 * @throws InputError that names the tensor, and the kind of adapter if it is another one
 */
export function adapterPart(
  name: string,
  path: string,
): { network: AdaptedNetwork; layer: string; part: AdapterPart; peft: boolean } {
  const other = OTHER_KINDS.find(([pattern]) => pattern.test(name));
  if (other)
    throw new InputError(`Tensor ${name} in ${path} belongs to ${other[1]}; only LoRA's two matrices are supported.`);
  const peft = name.startsWith(PEFT_PREFIX);
  const [prefix, network] = peft
    ? ([PEFT_PREFIX, TEXT_LAYER.test(name.slice(PEFT_PREFIX.length)) ? 'text_encoder' : 'unet'] as const)
    : (PREFIXES.find(([start]) => name.startsWith(start)) ?? []);
  const processor = peft ? null : PROCESSOR_END.exec(name);
  const end = ENDS.exec(name);
  if (!prefix || !network || !(end ?? processor))
    throw new InputError(
      !prefix && (end ?? processor)
        ? `Tensor ${name} in ${path} belongs to no known network; begin its name with "unet." or "text_encoder.".`
        : `Tensor ${name} in ${path} is not part of an adapter; expected names such as unet.LAYER.lora_A.weight.`,
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
