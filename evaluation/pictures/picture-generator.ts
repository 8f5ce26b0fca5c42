import { tf, type Tensor } from '../../engine/tensorflow.ts';
import type { Weights } from '../../engine/weights/weights.ts';
import { startNoise } from '../../models/sampling/noise.ts';
import type { LoadedPipeline } from '../../models/folder/pipeline-folder.ts';
import type { SamplerSettings } from '../../models/sampling/sampler-settings.ts';
import { isOneStep } from '../../models/sampling/one-step.ts';
import { solverPlan } from '../../models/sampling/solver.ts';
import type { Conditioning } from '../../models/diffusion.ts';
import { PipelineProgram, type NetworkWeights } from '../../models/pipeline-program.ts';
import { vaeScale } from '../../models/vae/vae.ts';

export interface Prompt {
  id: string;
  prompt: string;
}

/** One encoder's embeddings of a list of prompts. */
export interface Embeddings {
  /** [prompts, T, D] */
  condition: Float32Array;
  /** Embedding of the empty prompt: [T, D] */
  unconditional: Float32Array;
}

/** An arm of an experiment: sum_j weight_j * embeddings_j replace the original embeddings in the last steps. */
export interface Arm {
  name: string;
  terms: readonly { embeddings: Embeddings; weight: number }[];
  /** The number of last steps; K, the steps that are tuned, by default. */
  lastSteps?: number;
  /** UNet for the steps with these embeddings, in place of the pipeline's own. */
  unet?: NetworkWeights;
  /** Uses them from the first step on, as for another prompt or another kind of encoder. */
  fromStart?: boolean;
}

/** A picture to make: which prompt, and which of its samples. */
export interface Item {
  prompt: number;
  sample: number;
}

/** 32 pictures of 8 x 8 latents; a single one of 64 x 64, as memory allows. */
const batchFor = (latentSize: number): number => Math.max(1, Math.floor(2048 / latentSize ** 2));

/**
 * Makes pictures under several arms from the same start noise. The first T - K steps use the original embeddings in
 * every arm, as in training, so they run once.
 */
export class PictureGenerator {
  /** Number of pictures made at once. */
  readonly batch: number;
  /** Height and width of a picture, in pixels. */
  readonly size: number;
  readonly #model: PipelineProgram;
  readonly #sampler: SamplerSettings;
  /** UNet evaluations in all steps, and in those that every arm shares. */
  readonly #evaluations: number;
  readonly #shared: number;
  readonly #seed: number;
  /** [h, w, C] */
  readonly #latents: [number, number, number];
  readonly #guides: readonly Float32Array[] | undefined;
  /** [T, D] */
  readonly #context: [number, number];

  /**
   * @param seed seed of the start noise
   * @param pictures number of pictures per arm: a batch is not larger
   * @param secondUnet whether an arm has its own UNet
   * @param guides the UNet's additional input for each prompt: [h, w, in_channels - C]; undefined for nothing
   */
  constructor(
    pipeline: LoadedPipeline,
    sampler: SamplerSettings,
    seed: number,
    pictures: number,
    guides?: readonly Float32Array[],
    secondUnet = false,
  ) {
    const { unet, vae, textEncoder } = pipeline.config;
    const side = unet.sample_size;
    this.batch = Math.min(batchFor(side), pictures);
    this.size = side * vaeScale(vae);
    this.#model = new PipelineProgram(pipeline, {
      batch: this.batch,
      height: side,
      width: side,
      guidance: sampler.guidance,
      secondUnet,
    });
    this.#sampler = sampler;
    const plan = solverPlan(sampler.scheduler ?? 'ddim', pipeline.config.scheduler, sampler.steps);
    this.#evaluations = plan.steps.length;
    this.#shared = isOneStep(plan) ? this.#firstOfLast(sampler.gradientSteps) : 0;
    this.#seed = seed;
    this.#latents = [side, side, vae.latent_channels];
    this.#guides = guides;
    this.#context = [pipeline.tokenizer.modelMaxLength, textEncoder.hidden_size];
  }

  /** Embeds the prompts and the empty prompt. @param source origin of the encoder, for messages */
  embed(encoder: Weights, prompts: readonly Prompt[], source: string): Embeddings {
    const values = this.#context[0] * this.#context[1];
    const embeddings = {
      condition: new Float32Array(prompts.length * values),
      unconditional: new Float32Array(values),
    };
    for (let first = 0; first < prompts.length; first += this.batch) {
      const part = prompts.slice(first, first + this.batch);
      const { condition, unconditional } = this.#model.encode(
        this.#filled(part.map(({ prompt }) => prompt)),
        '',
        encoder,
        source,
      );
      embeddings.condition.set(condition.dataSync().subarray(0, part.length * values), first * values);
      embeddings.unconditional.set(unconditional.dataSync());
      tf.dispose([condition, unconditional]);
    }
    return embeddings;
  }

  /**
   * Returns the latents after the steps that all arms share, the first T - K ones under an arm's embeddings; or the
   * start noise if the scheduler's steps depend on earlier ones.
   * @param items at most `batch`
   */
  firstSteps(prompts: readonly Prompt[], items: readonly Item[], arm: Arm): Tensor {
    const noises = this.#filled(items).map(({ prompt, sample }) =>
      startNoise(this.#seed, prompts[prompt]!.id, sample, this.#latents),
    );
    const noise = tf.tidy(() => tf.stack(noises.map((values) => tf.tensor3d(values, this.#latents))));
    const latents = this.#denoise(noise, items, { before: arm, arm, change: 0 }, 0, this.#shared);
    noise.dispose();
    return latents;
  }

  /**
   * Runs the remaining steps, the arm's last ones under its embeddings and those before under `before`'s, and decodes
   * the pictures. Keeps `latents`. -> [items, H, W, 3] in [0, 1]
   */
  lastSteps(latents: Tensor, items: readonly Item[], arm: Arm, before = arm): Float32Array {
    const change = before === arm ? 0 : this.#firstOfLast(arm.lastSteps ?? this.#sampler.gradientSteps);
    const z = this.#denoise(latents, items, { before, arm, change }, this.#shared, this.#evaluations);
    const pictures = this.#model.decode(z);
    const pixels = pictures.dataSync().slice(0, items.length * this.size ** 2 * 3) as Float32Array;
    tf.dispose([z, pictures]);
    return pixels;
  }

  dispose(): void {
    this.#model.dispose();
  }

  /** The index of the first of the last `count` evaluations. */
  #firstOfLast(count: number): number {
    return Math.max(0, this.#evaluations - count);
  }

  /**
   * Runs the evaluations from `from` to before `until`: those before `change` under one arm, the others under another.
   */
  #denoise(
    z: Tensor,
    items: readonly Item[],
    { before, arm, change }: { before: Arm; arm: Arm; change: number },
    from: number,
    until: number,
  ): Tensor {
    const own = this.#conditioning(arm, items);
    const other = from < change ? this.#conditioning(before, items) : own;
    const guide = this.#guide(items);
    const { steps, scheduler } = this.#sampler;
    const options = { scheduler, from, until, unet: arm.unet, unetFrom: change, ...(guide && { guide }) };
    const result = this.#model.denoise(z, steps, (i) => (i < change ? other : own), options);
    tf.dispose([...Object.values(own), ...Object.values(other), ...(guide ? [guide] : [])]);
    return result;
  }

  #conditioning(arm: Arm, items: readonly Item[]): Conditioning {
    const mixed = mix(arm, this.#filled(items), this.#context[0] * this.#context[1]);
    const condition = tf.tensor3d(mixed.condition, [this.batch, ...this.#context]);
    return { condition, unconditional: tf.tensor3d(mixed.unconditional, [1, ...this.#context]) };
  }

  #guide(items: readonly Item[]): Tensor | undefined {
    const guides = this.#guides;
    if (!guides) return undefined;
    const [height, width] = this.#latents;
    const own = this.#filled(items).map(({ prompt }) => guides[prompt]!);
    const channels = own[0]!.length / (height * width);
    return tf.tidy(() => tf.stack(own.map((values) => tf.tensor3d(values, [height, width, channels]))));
  }

  /** Fills up a batch with its last entry, since shapes are fixed. */
  #filled<T>(part: readonly T[]): T[] {
    return Array.from({ length: this.batch }, (_, i) => part[Math.min(i, part.length - 1)]!);
  }
}

/** Returns sum_j w_j c_j for each item's prompt and for the empty prompt. @param values T * D */
function mix({ terms }: Arm, items: readonly Item[], values: number): Embeddings {
  const sum = { condition: new Float32Array(items.length * values), unconditional: new Float32Array(values) };
  for (const { embeddings, weight } of terms) {
    for (let k = 0; k < values; k++) sum.unconditional[k]! += weight * embeddings.unconditional[k]!;
    items.forEach(({ prompt }, i) => {
      const from = prompt * values;
      for (let k = 0; k < values; k++) sum.condition[i * values + k]! += weight * embeddings.condition[from + k]!;
    });
  }
  return sum;
}
