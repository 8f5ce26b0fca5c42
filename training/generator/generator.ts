import type { RandomStream } from '../../common/random.ts';
import type { Parameters } from '../../engine/weights/parameters.ts';
import type { Program, TensorSpec, Tensors } from '../../engine/program/program.ts';
import type { Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';

/** A generator's networks by name, as its functions see them: original, tuned, or with adapters. */
export interface Networks {
  parameters(network: string): Parameters;
}

/** Returns the random stream for a purpose and a sample of the batch, keyed by the seed and the training step. */
export type Draw = (purpose: string, sample: number) => RandomStream;

/** The inputs that a function derives from the prompts: their shapes and values. */
export interface PromptInputs {
  readonly specs: Readonly<Record<string, TensorSpec>>;
  /** @param draw random streams of this step, for augmentation; without it, nothing is random */
  of(prompts: readonly string[], draw?: Draw): Tensors;
}

/**
 * A generator as reward tuning sees it: it encodes prompts, changes latents step by step under the embeddings, and
 * scores the final latents. Its functions are recorded, so they use only tfjs operations and fixed shapes; their
 * vector-Jacobian products are derived. The interface does not depend on what is generated: a picture, the frames of a
 * video, the parameters of a scene.
 */
export interface Generator {
  /** Weights of each network; `source` names their origin in messages. */
  readonly networks: Readonly<Record<string, { weights: Weights; source: string }>>;
  /** Shape of a batch's latents; the first axis is the number of samples or a multiple of it. */
  readonly latents: readonly number[];
  /** The coefficients of each of the T steps, in order. */
  readonly steps: readonly (readonly number[])[];
  /** Levels of signal and noise at the start of the last step, to which DRaFT-LV adds noise. */
  readonly lastLevel?: { readonly signal: number; readonly noise: number };
  /** The rewards' names and their factors in the weighted sum. */
  readonly rewards: readonly { readonly name: string; readonly weight: number }[];

  readonly encodeInputs: PromptInputs;
  /** Returns the prompts' embeddings, by any names other than z, step, dz and keep. */
  encode(networks: Networks, inputs: Tensors): Tensors;
  /** Takes one step. z [...latents] and the step's coefficients -> [...latents] */
  step(networks: Networks, inputs: { z: Tensor; step: Tensor }, embeddings: Tensors): Tensor;
  readonly scoreInputs: PromptInputs;
  /** Scores the latents after the last step: [samples] for each reward, by name. */
  score(networks: Networks, z: Tensor, inputs: Tensors): Tensors;
  /** Records further entry points over the same networks, for measures that are not trained on. */
  record?(program: Program): void;
}
