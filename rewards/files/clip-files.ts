import { resolve } from 'node:path';
import type { Weights } from '../../engine/weights/weights.ts';
import type { ClipConfig } from '../../models/clip/clip-config.ts';
import { readClip } from '../../models/clip/load-clip.ts';
import { imageFeatureTensors, textFeatureTensors } from '../../models/clip/clip-tensors.ts';
import { ClipTokenizer } from '../../models/clip/tokenizer/tokenizer.ts';
import { requireTensors } from '../../models/folder/expected-tensors.ts';
import { requireVocabulary } from '../../models/clip/tokenizer/vocabulary.ts';
import type { RewardSpec } from '../reward.ts';

type Tower = 'text' | 'vision';

/** A CLIP model as used by the rewards. */
export interface ClipModel {
  folder: string;
  /** Path of its weights under the rewards' common scope. */
  scope: string;
  config: ClipConfig;
  mean: readonly number[];
  std: readonly number[];
  /**
   * The tensors of these towers, named under the common scope.
   * @throws InputError if one is missing or has another shape
   */
  weights(...towers: Tower[]): Weights;
}

/** Shares CLIP models between rewards: each folder is read once, under the name of the first reward to ask. */
export class ClipModels {
  readonly #models = new Map<string, Promise<ClipModel>>();

  get(spec: RewardSpec): Promise<ClipModel> {
    const path = resolve(spec.model);
    let model = this.#models.get(path);
    if (!model) this.#models.set(path, (model = readClipModel(path, `${spec.name}.model`)));
    return model;
  }
}

const towerOf = (name: string): Tower => (/^(vision_model|visual_projection)\./.test(name) ? 'vision' : 'text');

async function readClipModel(path: string, scope: string): Promise<ClipModel> {
  const { folder, config, weights: all, mean, std } = await readClip(path);
  return {
    folder,
    scope,
    config,
    mean,
    std,
    weights(...towers) {
      for (const tower of towers) requireTensors(all, expected[tower](config), path);
      return new Map(
        [...all].filter(([name]) => towers.includes(towerOf(name))).map(([name, t]) => [`${scope}.${name}`, t]),
      );
    },
  };
}

const expected = { text: textFeatureTensors, vision: imageFeatureTensors };

/** Loads the tokenizer of a CLIP reward, and the number of prompt tokens that it reads. */
export async function clipTokenizer(
  spec: RewardSpec,
  { folder, config }: Pick<ClipModel, 'folder' | 'config'>,
): Promise<{ tokenizer: ClipTokenizer; promptLength: number }> {
  const tokenizer = await ClipTokenizer.load(spec.tokenizer ?? folder);
  requireVocabulary(`Reward "${spec.name}"`, tokenizer, config.text_config.vocab_size);
  return {
    tokenizer,
    promptLength: Math.min(tokenizer.modelMaxLength, config.text_config.max_position_embeddings),
  };
}
