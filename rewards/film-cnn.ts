import { conv2d, embedding, groupNorm, linear, silu } from '../engine/layers/layers.ts';
import type { Parameters } from '../engine/weights/parameters.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { unit } from './clip-model.ts';
import { readFilmCnn, type FilmCnnConfig } from './files/film-cnn-files.ts';
import { preprocess } from './preprocess.ts';
import type { RewardType } from './reward-type.ts';

/**
 * A convolutional reward that shares nothing with the CLIP rewards, to be held out of training: strided 3x3
 * convolutions, each modulated by the prompt (FiLM, Perez et al. 2018), and a dense layer that keeps positions.
 * @param image [B, H, W, 3] in [0, 1]
 * @param ids int32 [B, max_tokens]
 * @returns [B]
 */
export function filmCnn(p: Parameters, config: FilmCnnConfig, image: Tensor, ids: Tensor): Tensor {
  return filmCnnImage(p, config, image, filmCnnPrompt(p, config, ids));
}

/**
 * Averages over the tokens a layer on each token and its neighbors: word order counts, but only nearby. ids [B, T] ->
 * [B, E]
 */
function filmCnnPrompt(p: Parameters, config: FilmCnnConfig, ids: Tensor): Tensor {
  const [batch, length] = ids.shape as [number, number];
  const width = config.text_size;
  const mask = tf.notEqual(ids, tf.scalar(config.pad_token_id, 'int32')).toFloat().reshape([batch, length, 1]);
  const tokens = embedding(p.at('text.embedding'), ids, config.vocab_size, width).mul(mask);
  const padded = tf.pad(tokens, [
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  const neighbors = [0, 1, 2].map((start) => padded.slice([0, start, 0], [batch, length, width]));
  const words = silu(linear(p.at('text.words'), tf.concat(neighbors, 2), width)).mul(mask);
  return words.sum(1).div(mask.sum(1));
}

/** Scores pictures under prompt embeddings. image [B, H, W, 3] in [0, 1], prompt [B, E] -> [B] */
function filmCnnImage(p: Parameters, config: FilmCnnConfig, image: Tensor, prompt: Tensor): Tensor {
  return linear(p.at('score'), filmCnnHidden(p, config, image, prompt), 1).reshape([image.shape[0]!]);
}

/** Returns the layer before the score. image [B, H, W, 3] in [0, 1], prompt [B, E] -> [B, hidden_size] */
function filmCnnHidden(p: Parameters, config: FilmCnnConfig, image: Tensor, prompt: Tensor): Tensor {
  const batch = image.shape[0]!;
  const centered = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  let x = preprocess(image, { size: config.image_size, fit: 'crop', ...centered });
  config.channels.forEach((channels, i) => {
    const block = p.at('blocks').at(i);
    x = groupNorm(block.at('norm'), conv2d(block.at('conv'), x, channels, { stride: 2 }), config.norm_groups);
    x = silu(film(block.at('film'), x, prompt));
  });
  return silu(film(p.at('hidden_film'), linear(p.at('hidden'), x.reshape([batch, -1]), config.hidden_size), prompt));
}

/**
 * Returns x * (1 + scale) + shift, with scale and shift of each channel from the prompt. x [B, ..., C], prompt [B, E]
 */
function film(p: Parameters, x: Tensor, prompt: Tensor): Tensor {
  const channels = x.shape.at(-1)!;
  const spread = [x.shape[0]!, ...x.shape.slice(1, -1).map(() => 1), channels];
  const scale = linear(p.at('scale'), prompt, channels).reshape(spread);
  const shift = linear(p.at('shift'), prompt, channels).reshape(spread);
  return x.mul(scale.add(1)).add(shift);
}

/** The held-out reward of the embedded world: a folder with config.json, model.safetensors and tokenizer files. */
export const filmCnnReward: RewardType = {
  async load(spec) {
    const { config, weights, tokenizer } = await readFilmCnn(spec);
    return {
      weights: new Map([...weights].map(([name, tensor]) => [`${spec.name}.${name}`, tensor])),
      promptLength: config.max_tokens,
      featureSize: config.text_size,
      tokenize: (prompts) => tokenizer.batch(prompts, config.max_tokens),
      promptFeatures: (p, ids) => filmCnnPrompt(p.at(spec.name), config, ids),
      scoreWithFeatures: (p, image, features) => filmCnnImage(p.at(spec.name), config, image, features!),
      embedding: {
        width: config.hidden_size,
        of: (p, image, features) => unit(filmCnnHidden(p.at(spec.name), config, image, features!)),
      },
    };
  },
};
