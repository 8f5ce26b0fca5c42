import { InputError } from '../../common/errors.ts';
import { patternOf } from './layer-pattern.ts';
import type { LoraConfig } from './lora-config.ts';

/**
 * What a layer's product of matrices is multiplied with: alpha / rank, or alpha / sqrt(rank) if rank-stabilized
 * (Kalajdzievski, arXiv 2312.03732).
 * @param rank of the layer's matrices
 * @throws InputError when the configuration gives the layer another rank, or no adapter
 */
export function loraScale(config: LoraConfig, layer: string, rank: number, source: string): number {
  const ofLayer = <T>(patterns: Record<string, T> | null, otherwise: T): T => {
    const key = patternOf(Object.keys(patterns ?? {}), spellings(layer), source);
    return key === undefined ? otherwise : patterns![key]!;
  };
  const expected = ofLayer(config.rank_pattern, config.r);
  if (expected !== rank)
    throw new InputError(`${source} gives the layer ${layer} the rank ${expected}; its matrices have ${rank}.`);
  requireAdapted(config, layer, source);
  return ofLayer(config.alpha_pattern, config.lora_alpha) / (config.use_rslora ? Math.sqrt(rank) : rank);
}

/** The text encoder's leading text_model. comes and goes. */
const spellings = (layer: string): string[] => {
  const short = layer.replace(/^text_model\./, '');
  return [layer, short, `text_model.${short}`];
};

/** PEFT leaves tensors of other layers aside, with a warning. */
function requireAdapted(config: LoraConfig, layer: string, source: string): void {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: indices } = config;
  const refuse = (key: keyof LoraConfig) => {
    throw new InputError(`${source}: ${key} leaves out the layer ${layer}, of which there are matrices.`);
  };
  const isOf = (list: readonly string[]) =>
    spellings(layer).some((own) => list.some((name) => own === name || own.endsWith(`.${name}`)));
  // A single name is a pattern of PEFT's for which the tensors answer.
  if (Array.isArray(targets) && !isOf(targets)) refuse('target_modules');
  if (Array.isArray(excluded) && isOf(excluded)) refuse('exclude_modules');
  const chosen = [indices ?? []].flat();
  if (chosen.length === 0) return;
  // The first whole number that follows one of the lists' names or, where none are given, any name but the first.
  const parts = layer.split('.');
  const indexBehind = (list?: string) =>
    parts.findIndex((part, i) => /^\d+$/.test(part) && (list === undefined ? i > 1 : parts[i - 1] === list));
  const lists = [config.layers_pattern ?? []].flat();
  const at = (lists.length > 0 ? lists : [undefined]).map(indexBehind).find((i) => i >= 0) ?? -1;
  if (at < 0 || !chosen.includes(Number(parts[at]))) refuse('layers_to_transform');
}
