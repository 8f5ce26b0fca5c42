import { resolve } from 'node:path';
import type { Parameters } from '../engine/parameters.ts';
import type { Weights } from '../engine/weights.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { imageFeatures, textFeatures } from '../models/clip/clip.ts';
import type { ClipConfig } from '../models/clip/config.ts';
import { readClip } from '../models/clip/load.ts';
import { ClipTokenizer } from '../models/clip/tokenizer.ts';
import { requireVocabulary } from '../models/vocabulary.ts';
import { preprocess, type Preprocessing } from './preprocess.ts';
import type { RewardModel, RewardSpec, SharedFeatures } from './reward.ts';

type Tower = 'text' | 'vision';

/** A CLIP model, as the rewards use it. */
export interface ClipModel {
  folder: string;
  /** Where its weights are under the rewards' common scope. */
  scope: string;
  config: ClipConfig;
  mean: readonly number[];
  std: readonly number[];
  /** The tensors of these towers, named under the common scope. */
  weights(...towers: Tower[]): Weights;
}

/** The CLIP models that rewards share: each folder is read once, under the name of the reward that asked first. */
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
    weights: (...towers) =>
      new Map([...all].filter(([name]) => towers.includes(towerOf(name))).map(([name, t]) => [`${scope}.${name}`, t])),
  };
}

/** x / |x| over the last axis. */
export function unit(x: Tensor): Tensor {
  return x.mul(x.square().sum(-1, true).rsqrt());
}

/** The unit image embedding. image [B, H, W, 3] in [0, 1] -> [B, D]; computed once for rewards that share the model. */
export function imageEmbedding(
  p: Parameters,
  clip: ClipModel,
  image: Tensor,
  fit: Preprocessing['fit'],
  shared?: SharedFeatures,
): Tensor {
  const key = `${clip.scope}/${fit}`;
  const known = shared?.get(key);
  if (known) return known;
  const { mean, std } = clip;
  const pixels = preprocess(image, { size: clip.config.vision_config.image_size, fit, mean, std });
  const embedding = unit(imageFeatures(p.at(clip.scope), clip.config, pixels));
  shared?.set(key, embedding);
  return embedding;
}

/** A reward that is a function of the cosine between a picture's and its prompt's CLIP embeddings. */
export async function clipScore(
  spec: RewardSpec,
  models: ClipModels,
  { fit }: { fit: Preprocessing['fit'] },
  score: (cosine: Tensor, p: Parameters) => Tensor,
): Promise<RewardModel> {
  const clip = await models.get(spec);
  const tokenizer = await ClipTokenizer.load(spec.tokenizer ?? clip.folder);
  requireVocabulary(`Reward "${spec.name}"`, tokenizer, clip.config.text_config.vocab_size);
  const promptLength = Math.min(tokenizer.modelMaxLength, clip.config.text_config.max_position_embeddings);
  return {
    weights: clip.weights('text', 'vision'),
    promptLength,
    featureSize: clip.config.projection_dim,
    tokenize: (prompts) => tokenizeAll(tokenizer, prompts, promptLength),
    promptFeatures: (p, ids) => unit(textFeatures(p.at(clip.scope), clip.config, ids)),
    scoreWithFeatures: (p, image, features, shared) =>
      score(imageEmbedding(p, clip, image, fit, shared).mul(features!).sum(-1), p.at(clip.scope)),
    embedding: {
      width: clip.config.projection_dim,
      of: (p, image, _features, shared) => imageEmbedding(p, clip, image, fit, shared),
    },
  };
}

/** Padded ids of all prompts, one after the other. */
export function tokenizeAll(tokenizer: ClipTokenizer, prompts: readonly string[], length: number): Int32Array {
  const ids = new Int32Array(prompts.length * length);
  prompts.forEach((prompt, i) => ids.set(tokenizer.pad(tokenizer.encode(prompt), length), i * length));
  return ids;
}
