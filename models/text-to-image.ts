import { float32, int32, Program, type TensorSpec } from '../engine/program.ts';
import { tf, type Tensor } from '../engine/tensorflow.ts';
import type { Weights } from '../engine/weights.ts';
import { clipText } from './clip/text.ts';
import type { LoadedPipeline } from './pipeline.ts';
import { guidedStep, STEP_NUMBERS } from './sampler.ts';
import { DdimScheduler } from './scheduler/ddim.ts';
import { vaeDecode, vaeScalingFactor } from './vae/vae.ts';

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
  /** Takes these steps in place of the pipeline's own; needs `secondUnet`. */
  unet?: NetworkWeights | undefined;
  from?: number;
  until?: number;
  /** [B, h, w, in_channels - C] */
  guide?: Tensor;
  progress?(done: number): void;
}

/**
 * Stable Diffusion's way from prompts to pictures, as diffusers' StableDiffusionPipeline with its DDIMScheduler (eta 0).
 * The caller disposes the tensors that it gets.
 */
export class TextToImage {
  readonly #pipeline: LoadedPipeline;
  readonly #batch: number;
  readonly #program = new Program();
  readonly #scheduler: DdimScheduler;
  #encoder: Weights | undefined;
  #secondUnet: Weights | undefined;

  constructor(pipeline: LoadedPipeline, { batch, height, width, guidance, secondUnet = false }: TextToImageShape) {
    const { config, weights, tokenizer, folder } = pipeline;
    const { textEncoder, unet, vae } = config;
    this.#pipeline = pipeline;
    this.#batch = batch;
    this.#scheduler = new DdimScheduler(config.scheduler);

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
    this.#program.entry('decode', { z }, ({ z }, scope) => {
      const picture = vaeDecode(scope.parameters('vae'), vae, z.div(vaeScalingFactor(vae)));
      return { picture: picture.mul(0.5).add(0.5).clipByValue(0, 1) };
    });
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
   * From noise towards latents in `steps` DDIM steps, of which those from `from` on and before `until` are done; all of
   * them if these are not given.
   * @param noise z_T, or the latents after `from` steps. [B, h, w, C]
   * @param conditioning of the step with this index, 0 being the first
   * @param options.guide for a UNet that sees more than the latents: an inpainting one, or one with a control image
   * @returns z_0 [B, h, w, C], or what the latents are after that many steps
   */
  denoise(
    noise: Tensor,
    steps: number,
    conditioning: (step: number) => Conditioning,
    { from = 0, until = steps, unet, guide, progress }: DenoiseOptions = {},
  ): Tensor {
    if (unet && unet.weights !== this.#secondUnet) this.#program.load(SECOND_UNET, unet.weights, unet.source);
    this.#secondUnet = unet?.weights ?? this.#secondUnet;
    const entry = `denoise.${unet ? SECOND_UNET : UNET}`;
    let z = noise.clone();
    const timesteps = this.#scheduler.timesteps(steps);
    for (let i = from; i < until; i++) {
      const t = timesteps[i]!;
      const { a, b } = this.#scheduler.step(t, steps);
      const step = tf.tensor1d([t, a, b]);
      const next = this.#program.run(entry, { z, step, ...conditioning(i), ...(guide && { guide }) })['z']!;
      tf.dispose([z, step]);
      z = next;
      progress?.(i + 1);
    }
    return z;
  }

  /** Pictures of latents. z [B, h, w, C] -> [B, H, W, 3] in [0, 1] */
  decode(z: Tensor): Tensor {
    return this.#program.run('decode', { z })['picture']!;
  }

  dispose(): void {
    this.#program.dispose();
  }
}

const [UNET, SECOND_UNET] = ['unet', 'second_unet'] as const;

/** w * tuned + (1 - w) * original, the unconditional branch included: the paper's style control. */
export function blend(tuned: Conditioning, original: Conditioning, weight: number): Conditioning {
  const mix = (a: Tensor, b: Tensor) => tf.tidy(() => a.mul(weight).add(b.mul(1 - weight)));
  return {
    condition: mix(tuned.condition, original.condition),
    unconditional: mix(tuned.unconditional, original.unconditional),
  };
}
