import type { Parameters } from '../engine/weights/parameters.ts';
import type { Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';

/** A reward as the configuration names it. */
export interface RewardSpec {
  /** What metrics and messages call it. */
  name: string;
  /** Which reward of the registry it is. */
  type: string;
  /**
   * The folder with its model: config.json, weights and, where it reads the prompt, tokenizer files. For rewards on CLIP
   * also a file with OpenCLIP's names, such as HPSv2's.
   */
  model: string;
  /** The tokenizer's folder or file, where the model's has none. */
  tokenizer?: string | undefined;
  /** A further weight file, for rewards that have one. */
  head?: string | undefined;
  /** Its factor in the weighted sum. */
  weight: number;
}

/** Values that several rewards need of one picture (a CLIP model's image features), computed once. */
export type SharedFeatures = Map<string, Tensor>;

/**
 * What a reward's file makes: a model that gives pictures a number. Its functions use tfjs operations only, so that a
 * program can record them, and are differentiable in the picture. `p` is the scope that holds the weights of all rewards.
 */
export interface RewardModel {
  /** Tensors by their name under the rewards' common scope, in the file's layout. */
  weights: Weights;
  /** Token ids a prompt; 0 for a reward that does not read the prompt. */
  promptLength: number;
  /** F, the width of the prompt features; 0 where promptLength is 0. */
  featureSize: number;
  /** Token ids in the reward's own vocabulary and padding: [prompts, promptLength], row-major. */
  tokenize(prompts: readonly string[]): Int32Array;
  /**
   * What the score needs of the prompts. It does not depend on the picture, so it can be computed ahead.
   * @param ids int32 [B, promptLength] -> [B, F]
   */
  promptFeatures(p: Parameters, ids: Tensor): Tensor;
  /**
   * @param image [B, H, W, 3] in [0, 1]
   * @param features what promptFeatures gave; not read where promptLength is 0
   * @param shared values of this very picture that other rewards left behind
   * @returns [B]
   */
  scoreWithFeatures(p: Parameters, image: Tensor, features: Tensor | undefined, shared?: SharedFeatures): Tensor;
  /**
   * What the model sees in pictures, as unit vectors of this width, where it has such a thing: pictures of one prompt are
   * told apart by it (diversity.ts). Arguments as of scoreWithFeatures -> [B, width]
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
  /** scoreWithFeatures of promptFeatures. `ids` is not read where promptLength is 0. -> [B] */
  score(p: Parameters, image: Tensor, ids: Tensor | undefined, shared?: SharedFeatures): Tensor;
}

/** The part of a reward that ignores the prompt. */
export const withoutPrompt = {
  promptLength: 0,
  featureSize: 0,
  tokenize: () => new Int32Array(0),
  promptFeatures: (): never => {
    throw new Error('this reward does not read the prompt');
  },
};
