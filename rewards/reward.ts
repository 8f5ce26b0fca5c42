import type { Parameters } from '../engine/weights/parameters.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';

/** A reward as a configuration specifies it. */
export interface RewardSpec {
  /** Name in metrics and messages. */
  name: string;
  /** Type of reward, from the registry. */
  type: string;
  /**
   * Folder of the model: config.json, weights and, if it reads the prompt, tokenizer files. For CLIP rewards also a
   * file with OpenCLIP's names, such as HPSv2's.
   */
  model: string;
  /** The tokenizer's folder or file, if the model's folder has none. */
  tokenizer?: string | undefined;
  /** Additional weight file, for rewards that have one. */
  head?: string | undefined;
  /** What every picture shall be, whatever its prompt, for rewards that read it: "a neon sign". */
  text?: string | undefined;
  /** What else a picture could be. */
  against?: readonly string[] | undefined;
  /** Factor in the weighted sum. */
  weight: number;
}

/** Values computed once from a picture for several rewards (a CLIP model's image features). */
export type SharedFeatures = Map<string, Tensor>;

/**
 * A reward loaded from its files: a model that scores pictures. Its functions use only tfjs operations, so that a
 * program can record them, and are differentiable in the picture. `p` is the scope that holds the weights of all
 * rewards.
 */
export interface RewardModel {
  /** Tensors by name under the rewards' common scope, in the file's layout. */
  weights: Weights;
  /** Token ids per prompt; 0 for a reward that does not read the prompt. */
  promptLength: number;
  /** F, the width of the prompt features; 0 if promptLength is 0. */
  featureSize: number;
  /** Token ids in the reward's own vocabulary and padding: [prompts, promptLength], row-major. */
  tokenize(prompts: readonly string[]): Int32Array;
  /**
   * Computes the part of the score that depends on the prompt alone, so that it can be done ahead.
   * @param ids int32 [B, promptLength] -> [B, F]
   */
  promptFeatures(p: Parameters, ids: Tensor): Tensor;
  /**
   * @param image [B, H, W, 3] in [0, 1]
   * @param features result of promptFeatures; not read if promptLength is 0
   * @param shared values of the same picture that other rewards computed
   * @returns [B]
   */
  scoreWithFeatures(p: Parameters, image: Tensor, features: Tensor | undefined, shared?: SharedFeatures): Tensor;
  /**
   * Returns the model's view of pictures as unit vectors of this width, if it has one: it measures how much pictures of
   * one prompt differ (diversity.ts). Arguments as of scoreWithFeatures -> [B, width]
   */
  embedding?: {
    width: number;
    of(p: Parameters, image: Tensor, features: Tensor | undefined, shared?: SharedFeatures): Tensor;
  };
}

export interface LoadedReward extends RewardModel {
  name: string;
  type: string;
  weight: number;
  /** scoreWithFeatures of promptFeatures. `ids` is not read if promptLength is 0. -> [B] */
  score(p: Parameters, image: Tensor, ids: Tensor | undefined, shared?: SharedFeatures): Tensor;
}

/** The prompt-related members of a reward that ignores the prompt. */
export const withoutPrompt = {
  promptLength: 0,
  featureSize: 0,
  tokenize: () => new Int32Array(0),
  promptFeatures: (): never => {
    throw new Error('this reward does not read the prompt');
  },
};
