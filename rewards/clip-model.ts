import type { Parameters } from '../engine/weights/parameters.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { imageFeatures, textFeatures } from '../models/clip/clip.ts';
import { clipTokenizer, type ClipModel, type ClipModels } from './files/clip-files.ts';
import { preprocess, type Preprocessing } from './preprocess.ts';
import type { RewardModel, RewardSpec, SharedFeatures } from './reward.ts';

/** Returns x / |x| over the last axis. */
export function unit(x: Tensor): Tensor {
  return x.mul(x.square().sum(-1, true).rsqrt());
}

/**
 * Returns the unit image embedding. image [B, H, W, 3] in [0, 1] -> [B, D]; computed once for rewards that share the
 * model.
 */
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

/** The picture's embedding as the view of rewards that look at pictures with this model. */
export const embeddingOf = (clip: ClipModel, fit: Preprocessing['fit']): NonNullable<RewardModel['embedding']> => ({
  width: clip.config.projection_dim,
  of: (p, image, _features, shared) => imageEmbedding(p, clip, image, fit, shared),
});

/** Makes a reward from the cosine between the CLIP embeddings of a picture and of its prompt. */
export async function clipScore(
  spec: RewardSpec,
  models: ClipModels,
  { fit }: { fit: Preprocessing['fit'] },
  score: (cosine: Tensor, p: Parameters) => Tensor,
): Promise<RewardModel> {
  const clip = await models.get(spec);
  const { tokenizer, promptLength } = await clipTokenizer(spec, clip);
  return {
    weights: clip.weights('text', 'vision'),
    promptLength,
    featureSize: clip.config.projection_dim,
    tokenize: (prompts) => tokenizer.batch(prompts, promptLength),
    promptFeatures: (p, ids) => unit(textFeatures(p.at(clip.scope), clip.config, ids)),
    scoreWithFeatures: (p, image, features, shared) =>
      score(imageEmbedding(p, clip, image, fit, shared).mul(features!).sum(-1), p.at(clip.scope)),
    embedding: embeddingOf(clip, fit),
  };
}
