import { linear } from '../engine/layers/layers.ts';
import type { Parameters } from '../engine/weights/parameters.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import { readAestheticHead, type AestheticHead } from './aesthetic-head.ts';
import { requireHead } from './inspect-rewards.ts';
import { embeddingOf, imageEmbedding } from './clip-model.ts';
import { withoutPrompt } from './reward.ts';
import type { RewardType } from './reward-type.ts';

/** Returns the head's score of unit embeddings. embedding [B, D] -> [B] */
export function aestheticHead(p: Parameters, head: AestheticHead, embedding: Tensor): Tensor {
  let x = embedding;
  head.layers.forEach((name, i) => {
    if (i > 0 && head.relu) x = x.relu();
    x = linear(name === '' ? p : p.at(name), x, head.widths[i]!);
  });
  const score = x.reshape([-1]);
  return head.bounded ? score.sigmoid().mul(9).add(1) : score;
}

/**
 * Aesthetic predictor: a head of linear layers on CLIP's unit image embedding, such as LAION's v1 and v2. `head` is a
 * weight file, such as LAION's own .pth, or a folder with model.safetensors; the metadata `bounded: true` of a
 * safetensors file confines the score to 1 .. 10, so that no picture leaves the scale.
 */
export const aesthetic: RewardType = {
  async load(spec, models) {
    const clip = await models.get(spec);
    const { head, weights } = await readAestheticHead(requireHead(spec), clip.config.projection_dim);
    const scope = `${spec.name}.head`;
    return {
      ...withoutPrompt,
      weights: new Map([
        ...clip.weights('vision'),
        ...[...weights].map(([name, t]) => [`${scope}.${name}`, t] as const),
      ]),
      scoreWithFeatures: (p, image, _features, shared) =>
        aestheticHead(p.at(scope), head, imageEmbedding(p, clip, image, 'crop', shared)),
      embedding: embeddingOf(clip, 'crop'),
    };
  },
};
