import { InputError } from '../../common/errors.ts';
import { patternOf } from './layer-pattern.ts';
import type { LoraConfig } from './lora-config.ts';

/**
 * Returns the scale of a layer's adapter: alpha / rank, or alpha / sqrt(rank) if rank-stabilized (Kalajdzievski, arXiv
 * 2312.03732).
 * @param rank rank of the layer's matrices
 * @throws InputError if the configuration gives the layer another rank, or no adapter
 */
export function loraScale(config: LoraConfig, layer: string, rank: number, source: string): number {
  const ofLayer = <T>(patterns: Record<string, T> | null, otherwise: T): T => {
    const key = patternOf(Object.keys(patterns ?? {}), spellings(layer), source);
    return key === undefined ? otherwise : patterns![key]!;
  };
  const expected = ofLayer(config.rank_pattern, config.r);
  if (expected !== rank)
    throw new InputError(`${source} gives the layer ${layer} the rank ${expected}, but its matrices have ${rank}.`);
  requireAdapted(config, layer, source);
  return ofLayer(config.alpha_pattern, config.lora_alpha) / (config.use_rslora ? Math.sqrt(rank) : rank);
}

/** Returns a layer's possible names: writers disagree on the text encoder's prefix text_model. */
const spellings = (layer: string): string[] => {
  const short = layer.replace(/^text_model\./, '');
  return [layer, short, `text_model.${short}`];
};

/** Refuses matrices of layers that the configuration excludes; PEFT would ignore them with a warning. */
function requireAdapted(config: LoraConfig, layer: string, source: string): void {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: indices } = config;
  const refuse = (key: keyof LoraConfig) => {
    throw new InputError(`${source}: ${key} excludes the layer ${layer}, but the file has matrices for it.`);
  };
  const isOf = (list: readonly string[]) =>
    spellings(layer).some((own) => list.some((name) => own === name || own.endsWith(`.${name}`)));
  // A single name is a pattern of PEFT, whose result the tensors already show.
  if (Array.isArray(targets) && !isOf(targets)) refuse('target_modules');
  if (Array.isArray(excluded) && isOf(excluded)) refuse('exclude_modules');
  const chosen = [indices ?? []].flat();
  if (chosen.length === 0) return;
  // The first whole number after one of the lists' names or, without lists, after any name but the first.
  const parts = layer.split('.');
  const indexBehind = (list?: string) =>
    parts.findIndex((part, i) => /^\d+$/.test(part) && (list === undefined ? i > 1 : parts[i - 1] === list));
  const lists = [config.layers_pattern ?? []].flat();
  const at = (lists.length > 0 ? lists : [undefined]).map(indexBehind).find((i) => i >= 0) ?? -1;
  if (at < 0 || !chosen.includes(Number(parts[at]))) refuse('layers_to_transform');
}
