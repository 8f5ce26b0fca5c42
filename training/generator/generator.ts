import type { RandomStream } from '../../common/random.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import type { Program, TensorSpec, Tensors } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/** The networks of a generator by their names, as its functions see them: original, tuned, or with adapters. */
export interface Networks {
  parameters(network: string): Parameters;
}

/** A random stream of a purpose and a sample of the batch, keyed by the seed and the training step. */
export type Draw = (purpose: string, sample: number) => RandomStream;

/** What a function reads of the prompts: the inputs' shapes, and their values. */
export interface PromptInputs {
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** @param draw randomness of this step, where inputs are augmented; left out where nothing is to be random */
  of(prompts: readonly string[], draw?: Draw): Tensors;
}

/**
 * What reward tuning needs of a generator: prompts are encoded, latents are changed step by step under the embeddings,
 * and what they are at the end is scored. The functions are recorded, so they use tfjs operations only and shapes are
 * fixed; their vector-Jacobian products are derived from them. Nothing here says what is generated: a picture, the
 * frames of a video, the parameters of a scene.
 */
export interface Generator {
  /** Weights of each network, and where they are from, for messages. */
  readonly networks: Readonly<Record<string, { weights: Weights; source: string }>>;
  /** Shape of the latents of a batch; the first axis is that of the samples, or a multiple of it. */
  readonly latents: readonly number[];
  /** The numbers that describe each of the T steps, in order. */
  readonly steps: readonly (readonly number[])[];
  /** Levels of signal and noise at the start of the last step: what DRaFT-LV adds noise by. */
  readonly lastLevel?: { readonly signal: number; readonly noise: number };
  /** The rewards' names and their factors in the weighted sum. */
  readonly rewards: readonly { readonly name: string; readonly weight: number }[];

  readonly encodeInputs: PromptInputs;
  /** Embeddings of the prompts, by any names but z, step, dz and keep. */
  encode(networks: Networks, inputs: Tensors): Tensors;
  /** One step. z [...latents] and the step's numbers -> [...latents] */
  step(networks: Networks, inputs: { z: Tensor; step: Tensor }, embeddings: Tensors): Tensor;
  readonly scoreInputs: PromptInputs;
  /** Each reward's scores of the latents after the last step: by name, [samples] each. */
  score(networks: Networks, z: Tensor, inputs: Tensors): Tensors;
  /** Records further entry points over the same networks: what is measured, and nothing is trained on. */
  record?(program: Program): void;
}
