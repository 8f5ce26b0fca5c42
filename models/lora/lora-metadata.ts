import { InputError } from '../../common/errors.ts';
import type { Json } from '../folder/network-config.ts';
import { parseLoraConfig, type LoraConfig } from './lora-config.ts';
import type { AdaptedNetwork } from './adapter-part.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** Header key under which diffusers stores PEFT's configurations: `{"unet.lora_alpha": 8, ...}`. */
const CONFIGS = 'lora_adapter_metadata';

/**
 * Reads the configurations in a LoRA file's header, by network.
 * @throws InputError that names the file, and the key where there is one
 */
export function fileConfigs(
  path: string,
  metadata: Readonly<Record<string, string>>,
): Partial<Record<AdaptedNetwork, { config: LoraConfig; source: string }>> {
  const text = metadata[CONFIGS];
  if (text === undefined) return {};
  const stored = parseObject(text, path);
  const source = `${path} (${CONFIGS} in its header)`;
  const networks = (['unet', 'text_encoder'] as const).flatMap((network) => {
    const own = Object.entries(stored).filter(([key]) => key.startsWith(`${network}.`));
    if (own.length === 0) return [];
    const json = Object.fromEntries(own.map(([key, value]) => [key.slice(network.length + 1), value]));
    return [[network, { config: parseLoraConfig(json, source), source }] as const];
  });
  const known = /^(unet|text_encoder)\./;
  const strange = Object.keys(stored).find((key) => !known.test(key));
  if (strange !== undefined)
    throw new InputError(`${source}: the key ${strange} does not belong to the UNet or the text encoder.`);
  return Object.fromEntries(networks);
}

function parseObject(text: string, path: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: ${CONFIGS} in its header is not JSON (${reasonOf(error)}).`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${path}: ${CONFIGS} in its header is not a JSON object.`);
  return value as Json;
}

/** Returns the alpha that training scripts of single files note; readers use each layer's own alpha. */
export function notedAlpha(metadata: Readonly<Record<string, string>>): number | undefined {
  const value = Number(metadata['ss_network_alpha'] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
