import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../../common/errors.ts';
import { isFile, isFolder } from '../../common/files.ts';
import { readSafetensors } from '../../engine/weights/safetensors.ts';
import { readWeights, writeWeights, type Weight, type Weights } from '../../engine/weights/weights.ts';
import { readJson, type Json } from '../folder/network-config.ts';
import { layerKey, LORA_A, LORA_B, type Adapter } from './lora.ts';
import { parseLoraConfig, type LoraConfig } from './lora-config.ts';
import { fileConfigs, notedAlpha } from './lora-metadata.ts';
import { adapterPart, type AdaptedNetwork, type AdapterPart } from './adapter-part.ts';
import { loraScale } from './lora-scale.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** Adapters by network and layer. */
export type Lora = Partial<Record<AdaptedNetwork, Map<string, Adapter>>>;

/** Name of the LoRA file that diffusers looks for in a folder. */
export const LORA_FILE = 'pytorch_lora_weights.safetensors';
/** Names of LoRA files in folders of diffusers and PEFT; the first that exists is read. */
export const FOLDER_FILES = [LORA_FILE, 'adapter_model.safetensors', 'pytorch_lora_weights.bin', 'adapter_model.bin'];
const PEFT_CONFIG = 'adapter_config.json';

/**
 * Writes adapters in the format of diffusers' load_lora_weights: `unet.LAYER.lora_A.weight` [rank, in] and
 * `unet.LAYER.lora_B.weight` [out, rank]. B includes the factor alpha / rank, since a reader without an alpha uses the
 * rank.
 * @throws RangeError if a layer has a single file's name, with underscores for dots, which diffusers would not find
 */
export async function writeLora(path: string, lora: Lora): Promise<void> {
  const tensors: Weights = new Map();
  for (const [network, adapters] of Object.entries(lora))
    for (const [layer, { down, up, scale }] of adapters) {
      if (!layer.includes('.')) throw new RangeError(`${layer} is not its layer's name in the network.`);
      tensors.set(`${network}.${layer}.${LORA_A}`, down);
      tensors.set(`${network}.${layer}.${LORA_B}`, { shape: up.shape, data: up.data.map((x) => x * scale) });
    }
  await writeWeights(path, tensors);
}

interface Layer {
  network: AdaptedNetwork;
  layer: string;
  tensors: Partial<Record<AdapterPart, { name: string; weight: Weight }>>;
}

/**
 * Reads a LoRA file with any of the usual names: PEFT's, diffusers' earlier ones, or those of single files
 * (lora_unet_…, lora_te_…, with an alpha for each layer); as safetensors or as a torch file.
 * @param path the file, or a folder of diffusers or PEFT with one
 * @throws InputError that names a tensor that is not part of an adapter, a layer that lacks one of its matrices, or a
 *   configuration key that cannot be applied
 */
export async function readLora(path: string): Promise<Lora> {
  const file = (await isFolder(path)) ? await fileIn(path) : path;
  const { weights, metadata } = await tensorsOf(file);
  const layers = layersOf(file, weights);
  const peft = [...weights.keys()].some((name) => adapterPart(name, file).peft);
  const configs = peft ? await peftConfigs(file) : fileConfigs(file, metadata);
  requireOneAlpha(file, layers, configs, metadata);
  const lora: Lora = {};
  for (const { network, layer, tensors } of layers) {
    const [down, up] = [tensors.down?.weight, tensors.up?.weight];
    if (!down || !up) throw new InputError(`${file}: the adapter of ${layer} in ${network} lacks one of its matrices.`);
    const rank = rankOf(file, { down, up }, `the adapter of ${layer} in ${network}`);
    const found = configs[network];
    const scale = found
      ? loraScale(found.config, layer, rank, found.source)
      : alphaOf(file, tensors.alpha, rank) / rank;
    (lora[network] ??= new Map()).set(layer, { down, up, scale });
  }
  return lora;
}

/** @throws InputError if the matrices have no rank: an empty one would make a layer of zeros or of no numbers */
function rankOf(file: string, { down, up }: Pick<Adapter, 'down' | 'up'>, name: string): number {
  const [rank, ...inputs] = down.shape;
  if (!rank || inputs.length === 0 || up.shape.length < 2)
    throw new InputError(
      `${file}: ${name} has shapes [${down.shape.join(', ')}] and [${up.shape.join(', ')}]; expected [rank, in] and [out, rank] with a rank of at least 1.`,
    );
  return rank;
}

/** Returns a layer's alpha, or its rank if it has none. @throws InputError if it is not one number */
function alphaOf(file: string, alpha: { name: string; weight: Weight } | undefined, rank: number): number {
  if (!alpha) return rank;
  const { shape, data } = alpha.weight;
  if (data.length !== 1 || shape.length > 1)
    throw new InputError(`${file}: tensor ${alpha.name} has shape [${shape.join(', ')}]; expected one number.`);
  return data[0]!;
}

async function fileIn(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`Cannot read ${folder}: ${error.code === 'ENOENT' ? 'it does not exist' : reasonOf(error)}.`);
  });
  const found = FOLDER_FILES.find((name) => names.includes(name));
  if (found === undefined)
    throw new InputError(`${folder} holds no adapters; expected one of ${FOLDER_FILES.join(', ')}.`);
  return join(folder, found);
}

/** Reads all tensors, not only those with the type of weights, since each tensor of an adapter must be understood. */
async function tensorsOf(path: string): Promise<{ weights: Weights; metadata: Readonly<Record<string, string>> }> {
  if (!path.endsWith('.safetensors')) return { weights: await readWeights(path), metadata: {} };
  const file = await readSafetensors(path);
  const weight = (name: string) => ({ shape: file.info(name).shape, data: file.float32(name) });
  return { weights: new Map(file.names.map((name) => [name, weight(name)])), metadata: file.metadata };
}

function layersOf(path: string, weights: Weights): Layer[] {
  const layers = new Map<string, Layer>();
  for (const [name, weight] of weights) {
    const { network, layer, part } = adapterPart(name, path);
    const key = `${network} ${layerKey(layer)}`;
    if (!layers.has(key)) layers.set(key, { network, layer, tensors: {} });
    const { tensors } = layers.get(key)!;
    if (tensors[part])
      throw new InputError(`${path}: tensors ${tensors[part].name} and ${name} are the same part of one adapter.`);
    tensors[part] = { name, weight };
  }
  if (layers.size === 0) throw new InputError(`${path} holds no adapters.`);
  return [...layers.values()];
}

type Configs = Partial<Record<AdaptedNetwork, { config: LoraConfig; source: string }>>;

/** Reads adapter_config.json beside PEFT's file, which holds one network. */
async function peftConfigs(path: string): Promise<Configs> {
  const source = join(dirname(path), PEFT_CONFIG);
  if (!(await isFile(source)))
    throw new InputError(
      `${path} has PEFT's names, so it needs ${PEFT_CONFIG} beside ${basename(path)} for the scale of its adapters.`,
    );
  const found = { config: parseLoraConfig((await readJson(source)) as Json, source), source };
  return { unet: found, text_encoder: found };
}

/** Refuses several alphas for a layer, and an alpha for only some layers: readers disagree about which one holds. */
function requireOneAlpha(
  path: string,
  layers: readonly Layer[],
  configs: Configs,
  metadata: Readonly<Record<string, string>>,
): void {
  for (const network of ['unet', 'text_encoder'] as const) {
    const own = layers.filter((layer) => layer.network === network);
    const [without, some] = [own.find(({ tensors }) => !tensors.alpha), own.find(({ tensors }) => tensors.alpha)];
    if (some && configs[network])
      throw new InputError(
        `${path}: tensor ${some.tensors.alpha!.name} and ${configs[network].source} both give the scale of ${some.layer}; expected only one of them.`,
      );
    if (some && without)
      throw new InputError(
        `${path}: the adapter of ${without.layer} in ${network} has no alpha, but that of ${some.layer} has one.`,
      );
    if (without && !configs[network]) {
      const rank = without.tensors.down?.weight.shape[0];
      const alpha = notedAlpha(metadata);
      if (alpha !== undefined && alpha !== rank)
        throw new InputError(
          `${path}: the adapter of ${without.layer} in ${network} has no alpha, and the header's ss_network_alpha, ${alpha}, differs from its rank, ${rank}.`,
        );
    }
  }
}
