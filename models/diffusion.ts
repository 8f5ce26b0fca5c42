import type { Parameters } from '../engine/weights/parameters.ts';
import { float32, int32, type Tensors, type TensorSpec } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import { clipText } from './clip/clip-text.ts';
import type { LoadedPipeline } from './folder/pipeline-folder.ts';
import { guidedStep, STEP_NUMBERS } from './sampling/guidance.ts';
import { vaePicture } from './vae/vae.ts';

/** The conditioning of the UNet. */
export interface Conditioning {
  /** Embeddings of the prompts. [B, T, D] */
  condition: Tensor;
  /** Embeddings of the empty (or negative) prompt. [1, T, D] */
  unconditional: Tensor;
}

export interface DiffusionShape {
  /** Number of pictures generated at once. */
  batch: number;
  /** Size of the latents. */
  height: number;
  width: number;
  /** Scale of classifier-free guidance; 1 or less for none. */
  guidance: number;
}

/**
 * Stable Diffusion, from prompts to pictures, as three functions of its networks' parameters. Training, generation,
 * evaluation and the rollout record them into their programs.
 */
export class Diffusion {
  readonly #config: LoadedPipeline['config'];
  readonly #guidance: number;
  /** Shape of the latents z. [B, h, w, C] */
  readonly latents: readonly [number, number, number, number];
  /** Token ids of the prompts and, in the last row, of the empty (or negative) one. */
  readonly ids: TensorSpec;
  /** The inputs of {@link step}; includes a guide if the UNet has more input channels than the latents. */
  readonly stepInputs: Readonly<Record<string, TensorSpec>>;

  constructor(
    { config, tokenizer }: Pick<LoadedPipeline, 'config' | 'tokenizer'>,
    { batch, height, width, guidance }: DiffusionShape,
  ) {
    const { unet, vae, textEncoder } = config;
    const guided = unet.in_channels - vae.latent_channels;
    const embedding = (rows: number) => float32(rows, tokenizer.modelMaxLength, textEncoder.hidden_size);
    this.#config = config;
    this.#guidance = guidance;
    this.latents = [batch, height, width, vae.latent_channels];
    this.ids = int32(batch + 1, tokenizer.modelMaxLength);
    this.stepInputs = {
      z: float32(...this.latents),
      step: STEP_NUMBERS,
      condition: embedding(batch),
      unconditional: embedding(1),
      ...(guided > 0 ? { guide: float32(batch, height, width, guided) } : {}),
    };
  }

  /** c = E(prompts). @param p parameters of the text encoder @param ids int32 [B + 1, T] */
  encode(p: Parameters, ids: Tensor): Conditioning {
    const { hidden } = clipText(p, this.#config.textEncoder, ids);
    const [condition, unconditional] = tf.split(hidden, [ids.shape[0]! - 1, 1]) as [Tensor, Tensor];
    return { condition, unconditional };
  }

  /** z' = a z + b eps(z, t, c). @param p parameters of the UNet @param inputs {@link stepInputs} */
  step(p: Parameters, { z, step, condition, unconditional, guide }: Tensors): Tensor {
    const inputs = { z: z!, step: step!, condition: condition!, unconditional: unconditional! };
    return guidedStep(p, this.#config.unet, this.#guidance, { ...inputs, ...(guide ? { guide } : {}) });
  }

  /** x = D(z). z [B, h, w, C] -> [B, H, W, 3] in [0, 1]. @param p parameters of the VAE */
  decode(p: Parameters, z: Tensor): Tensor {
    return vaePicture(p, this.#config.vae, z);
  }
}

/** Computes w c_tuned + (1 - w) c_original, also for the unconditional branch: the paper's style control. */
export const blend = (tuned: Conditioning, original: Conditioning, weight: number): Conditioning =>
  mix([{ conditioning: tuned, weight }], original);

/** Computes sum_j w_j c_j + (1 - sum_j w_j) c_original, also for the unconditional branch. */
export function mix(
  terms: readonly { conditioning: Conditioning; weight: number }[],
  original: Conditioning,
): Conditioning {
  const rest = terms.reduce((rest, { weight }) => rest - weight, 1);
  const sum = (of: keyof Conditioning) =>
    tf.tidy(() =>
      [...terms, { conditioning: original, weight: rest }]
        .map(({ conditioning, weight }) => conditioning[of].mul(weight))
        .reduce((sum, term) => sum.add(term)),
    );
  return { condition: sum('condition'), unconditional: sum('unconditional') };
}
