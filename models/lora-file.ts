import { InputError } from '../common/errors.ts';
import { readSafetensors, type SafetensorsFile } from '../engine/safetensors.ts';
import { writeWeights, type Weights } from '../engine/weights.ts';
import { layerKey, LORA_A, LORA_B, type Adapter } from './lora.ts';

/** The networks of a pipeline that a LoRA file can adapt, as diffusers names them. */
export type AdaptedNetwork = 'text_encoder' | 'unet';
/** Adapters by network and layer. */
export type Lora = Partial<Record<AdaptedNetwork, Map<string, Adapter>>>;

/** The file's name where diffusers looks for one in a folder. */
export const LORA_FILE = 'pytorch_lora_weights.safetensors';

/**
 * Writes adapters as diffusers' load_lora_weights reads them: `unet.LAYER.lora_A.weight` [rank, in] and
 * `unet.LAYER.lora_B.weight` [out, rank]. The factor alpha / rank is multiplied into B: a reader that knows of no alpha
 * takes it for the rank.
 * @throws RangeError when a layer has a single file's name, underscores for dots, which diffusers would not find
 */
export async function writeLora(path: string, lora: Lora): Promise<void> {
  const tensors: Weights = new Map();
  for (const [network, adapters] of Object.entries(lora))
    for (const [layer, { down, up, scale }] of adapters) {
      if (!layer.includes('.')) throw new RangeError(`${layer} is not the name that its layer has in the network.`);
      tensors.set(`${network}.${layer}.${LORA_A}`, down);
      tensors.set(`${network}.${layer}.${LORA_B}`, { shape: up.shape, data: up.data.map((x) => x * scale) });
    }
  await writeWeights(path, tensors);
}

/** How writers begin the names of a network's tensors, diffusers' own first, then those of single files. */
const PREFIXES: readonly (readonly [string, AdaptedNetwork])[] = [
  ['unet.', 'unet'],
  ['text_encoder.', 'text_encoder'],
  ['lora_unet_', 'unet'],
  ['lora_te_', 'text_encoder'],
  ['lora_te1_', 'text_encoder'],
];
/** How they end: PEFT, diffusers before it, and single files. */
const ENDS =
  /\.(lora_A\.weight|lora_B\.weight|lora(?:_linear_layer)?\.(?:down|up)\.weight|lora_(?:down|up)\.weight|alpha)$/;

/**
 * Reads a LoRA file in the spellings that are around: PEFT's, that of diffusers before it, and that of single files
 * (lora_unet_…, lora_te_…, with an alpha for each layer).
 * @throws InputError that names a tensor that is not part of an adapter, or a layer with one of its matrices missing
 */
export async function readLora(path: string): Promise<Lora> {
  const file = await readSafetensors(path);
  const parts = new Map<string, { network: AdaptedNetwork; layer: string; tensors: Record<string, string> }>();
  for (const name of file.names) {
    const [prefix, network] = PREFIXES.find(([start]) => name.startsWith(start)) ?? [];
    const end = ENDS.exec(name);
    if (!prefix || !network || !end)
      throw new InputError(
        `Tensor ${name} in ${path} is not part of an adapter; expected names as unet.LAYER.lora_A.weight.`,
      );
    const layer = name.slice(prefix.length, end.index);
    const kind = /alpha/.test(end[1]!) ? 'alpha' : /A\.|down/.test(end[1]!) ? 'down' : 'up';
    const key = `${network} ${layerKey(layer)}`;
    if (!parts.has(key)) parts.set(key, { network, layer, tensors: {} });
    parts.get(key)!.tensors[kind] = name;
  }
  if (parts.size === 0) throw new InputError(`${path} holds no adapters.`);
  const lora: Lora = {};
  const alphas = alphasOf(file);
  for (const { network, layer, tensors } of parts.values()) {
    const [down, up] = [tensors['down'], tensors['up']];
    if (!down || !up) throw new InputError(`${path}: the adapter of ${layer} in ${network} lacks one of its matrices.`);
    const tensor = (name: string) => ({ shape: file.info(name).shape, data: file.float32(name) });
    const rank = file.info(down).shape[0]!;
    const alpha = tensors['alpha'] ? file.float32(tensors['alpha'])[0]! : (alphas[network] ?? rank);
    (lora[network] ??= new Map()).set(layer, { down: tensor(down), up: tensor(up), scale: alpha / rank });
  }
  return lora;
}

/** What diffusers says of a whole network in the file's metadata: `{"unet.lora_alpha": 8, ...}`. */
function alphasOf({ metadata }: SafetensorsFile): Partial<Record<AdaptedNetwork, number>> {
  const stored = JSON.parse(metadata['lora_adapter_metadata'] ?? '{}') as Record<string, unknown>;
  const alpha = (network: AdaptedNetwork) => stored[`${network}.lora_alpha`];
  const known = (['unet', 'text_encoder'] as const).flatMap((network) => {
    const value = alpha(network);
    return typeof value === 'number' ? [[network, value] as const] : [];
  });
  return Object.fromEntries(known);
}
