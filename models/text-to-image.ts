import { RunError } from '../common/errors.ts';
import { firstNotFinite } from '../engine/weights/finite.ts';
import { inLanes } from '../engine/lanes.ts';
import { float32, int32, Program, type TensorSpec } from '../engine/program/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights/weights.ts';
import { clipText } from './clip/clip-text.ts';
import type { LoadedPipeline } from './folder/pipeline-folder.ts';
import { guidedStep, STEP_NUMBERS } from './sampler.ts';
import type { SolverName } from './scheduler/names.ts';
import { isOneStep, solverPlan } from './scheduler/solver.ts';
import { vaePicture } from './vae/vae.ts';

/** What the UNet is conditioned on. */
export interface Conditioning {
  /** The prompts' embeddings. [B, T, D] */
  condition: Tensor;
  /** The empty (or negative) prompt's. [1, T, D] */
  unconditional: Tensor;
}

export interface TextToImageShape {
  /** Pictures that are made at once. */
  batch: number;
  /** Of the latents. */
  height: number;
  width: number;
  /** Scale of classifier-free guidance; 1 or less for none. */
  guidance: number;
  /** Whether some steps will be of another UNet than the pipeline's: there is room for both then. */
  secondUnet?: boolean;
}

/** A network's weights, and where they are from, for messages. */
export interface NetworkWeights {
  weights: Weights;
  source: string;
}

export interface DenoiseOptions {
  /** Default DDIM. */
  scheduler?: SolverName | undefined;
  /** Takes the steps from `unetFrom` on (all of them by default) in place of the pipeline's own; needs `secondUnet`. */
  unet?: NetworkWeights | undefined;
  unetFrom?: number;
  /** A part of the steps, for a scheduler whose steps are independent of those before. */
  from?: number;
  until?: number;
  /** [B, h, w, in_channels - C] */
  guide?: Tensor;
  progress?(done: number, total: number): void;
}

/**
 * Stable Diffusion's way from prompts to pictures, as diffusers' StableDiffusionPipeline with its DDIMScheduler (eta 0),
 * or another of its schedulers.
 * The caller disposes the tensors that it gets.
 */
export class TextToImage {
  readonly #pipeline: LoadedPipeline;
  readonly #batch: number;
  readonly #program = new Program();
  #encoder: Weights | undefined;
  #secondUnet: Weights | undefined;

  constructor(pipeline: LoadedPipeline, { batch, height, width, guidance, secondUnet = false }: TextToImageShape) {
    const { config, weights, tokenizer, folder } = pipeline;
    const { textEncoder, unet, vae } = config;
    this.#pipeline = pipeline;
    this.#batch = batch;

    const z = float32(batch, height, width, vae.latent_channels);
    const guided = unet.in_channels - vae.latent_channels;
    const guide: { guide?: TensorSpec } = guided > 0 ? { guide: float32(batch, height, width, guided) } : {};
    const embedding = (rows: number) => float32(rows, tokenizer.modelMaxLength, textEncoder.hidden_size);
    this.#program.entry('encode', { ids: int32(batch + 1, tokenizer.modelMaxLength) }, ({ ids }, scope) => {
      const { hidden } = clipText(scope.parameters('text_encoder'), textEncoder, ids);
      const [condition, unconditional] = tf.split(hidden, [batch, 1]) as [Tensor, Tensor];
      return { condition, unconditional };
    });
    const step = { z, step: STEP_NUMBERS, condition: embedding(batch), unconditional: embedding(1) };
    for (const network of secondUnet ? [UNET, SECOND_UNET] : [UNET])
      this.#program.entry(`denoise.${network}`, { ...step, ...(guide as { guide: TensorSpec }) }, (inputs, scope) => ({
        z: guidedStep(scope.parameters(network), unet, guidance, inputs),
      }));
    this.#program.entry('decode', { z }, (latents, scope) =>
      inLanes(latents, ({ z }) => ({ picture: vaePicture(scope.parameters('vae'), vae, z) })),
    );
    this.#program.compile();
    this.#program.load(UNET, weights.unet, `${folder}/unet`);
    this.#program.load('vae', weights.vae, `${folder}/vae`);
  }

  /**
   * Embeddings under a text encoder.
   * @param prompts as many as the batch holds
   * @param source where the encoder is from, for messages
   */
  encode(prompts: readonly string[], negative: string, encoder: Weights, source: string): Conditioning {
    const { tokenizer } = this.#pipeline;
    const length = tokenizer.modelMaxLength;
    const ids = new Int32Array((this.#batch + 1) * length);
    [...prompts, negative].forEach((text, i) => ids.set(tokenizer.pad(tokenizer.encode(text), length), i * length));
    if (encoder !== this.#encoder) this.#program.load('text_encoder', encoder, source);
    this.#encoder = encoder;
    const input = tf.tensor2d(ids, [this.#batch + 1, length], 'int32');
    const output = this.#program.run('encode', { ids: input });
    input.dispose();
    return output as unknown as Conditioning;
  }

  /**
   * From noise towards latents in `steps` steps, of which those from `from` on and before `until` are done; all of them if
   * these are not given. A scheduler may evaluate the UNet more often than it has steps: see {@link solverPlan}, whose
   * evaluations are what is counted here.
   * @param noise of deviation 1, or the latents after `from` evaluations. [B, h, w, C]
   * @param conditioning of the evaluation with this index, 0 being the first
   * @param options.guide for a UNet that sees more than the latents: an inpainting one, or one with a control image
   * @returns z_0 [B, h, w, C], or what the latents are after that many evaluations
   */
  denoise(
    noise: Tensor,
    steps: number,
    conditioning: (step: number) => Conditioning,
    { scheduler = 'ddim', from = 0, until, unet, unetFrom = 0, guide, progress }: DenoiseOptions = {},
  ): Tensor {
    const whole = solverPlan(scheduler, this.#pipeline.config.scheduler, steps);
    const { start, steps: plan } = whole;
    const end = until ?? plan.length;
    const oneStep = isOneStep(whole);
    if (from >= end) return noise.clone();
    if (!oneStep && (from > 0 || end < plan.length))
      throw new RangeError(`${scheduler} cannot begin or end in between`);
    if (unet && unet.weights !== this.#secondUnet) this.#program.load(SECOND_UNET, unet.weights, unet.source);
    this.#secondUnet = unet?.weights ?? this.#secondUnet;
    const evaluate = (i: number, z: Tensor, [t, a, b]: [number, number, number]): Tensor => {
      const step = tf.tensor1d([t, a, b]);
      const entry = `denoise.${unet && i >= unetFrom ? SECOND_UNET : UNET}`;
      const next = this.#program.run(entry, { z, step, ...conditioning(i), ...(guide && { guide }) })['z']!;
      step.dispose();
      return next;
    };
    // Newest first; of a scheduler without memory only the newest is kept.
    let zs = [from === 0 && start !== 1 ? noise.mul(start) : noise.clone()];
    let outputs: Tensor[] = [];
    for (let i = from; i < end; i++) {
      const { t, z, output } = plan[i]!;
      if (oneStep) {
        const next = evaluate(i, zs[0]!, [t, z[0]!, output[0]!]);
        zs[0]!.dispose();
        zs = [next];
      } else {
        outputs = [evaluate(i, zs[0]!, [t, 0, 1]), ...outputs];
        zs = [tf.tidy(() => tf.addN([...weighted(z, zs), ...weighted(output, outputs)])), ...zs];
      }
      progress?.(i + 1, plan.length);
    }
    const [result, ...rest] = zs;
    tf.dispose([...rest, ...outputs]);
    return result!;
  }

  /**
   * Pictures of latents. z [B, h, w, C] -> [B, H, W, 3] in [0, 1]
   * @throws RunError when the latents or the pictures are not finite
   */
  decode(z: Tensor): Tensor {
    this.#requireFinite('latents', z);
    const picture = this.#program.run('decode', { z })['picture']!;
    this.#requireFinite('pictures', picture);
    return picture;
  }

  #requireFinite(what: string, tensor: Tensor): void {
    if (firstNotFinite(tensor.dataSync() as Float32Array) >= 0)
      throw new RunError(
        `The ${what} that ${this.#pipeline.folder} makes are not finite numbers: its networks' values overflow. Use float32 (engine.dtype), a smaller guidance scale, or other weights.`,
      );
  }

  dispose(): void {
    this.#program.dispose();
  }
}

const [UNET, SECOND_UNET] = ['unet', 'second_unet'] as const;

const weighted = (weights: readonly number[], values: readonly Tensor[]): Tensor[] =>
  weights.flatMap((weight, j) => (weight === 0 ? [] : [values[j]!.mul(weight)]));

/** w * tuned + (1 - w) * original, the unconditional branch included: the paper's style control. */
export function blend(tuned: Conditioning, original: Conditioning, weight: number): Conditioning {
  const mix = (a: Tensor, b: Tensor) => tf.tidy(() => a.mul(weight).add(b.mul(1 - weight)));
  return {
    condition: mix(tuned.condition, original.condition),
    unconditional: mix(tuned.unconditional, original.unconditional),
  };
}
